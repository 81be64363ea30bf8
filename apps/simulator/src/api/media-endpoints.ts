// Owns: the APIs with files: upload and download of media, mini program codes. Success answers bytes, failure JSON.
import { randomBytes } from 'node:crypto'
import { type AdmittedCall, type Endpoint, textIn } from './endpoint.ts'
import { readPart } from './multipart.ts'
import { ApiError } from './api-error.ts'

const TYPES = new Set(['image', 'voice', 'video', 'thumb'])
const MAX_SCENE_LENGTH = 32
const MAX_KEPT = 100
/** One white pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
  'base64',
)

/** After https://developers.weixin.qq.com/doc/service/api/material/temporary/api_uploadtempmedia.html, as of 2026-11-29. */
export function mediaEndpoints({ nowSeconds }: { nowSeconds: () => number }): Endpoint[] {
  const media = new Map<string, { appId: string; bytes: Buffer; contentType: string; fileName: string }>()
  const ofAccount = { token: 'authorizer', namesComponent: false } as const

  function upload({ appId, query, payload }: AdmittedCall): Record<string, unknown> {
    const type = textIn(query, 'type')
    if (!TYPES.has(type)) throw new ApiError(40004)
    // WeChat's upload servers refuse a body without content-length.
    const part = payload.isChunked ? undefined : readPart(payload, 'media')
    if (part === undefined) throw new ApiError(41005)
    const mediaId = randomBytes(48).toString('base64url')
    media.set(mediaId, { appId, ...part })
    if (media.size > MAX_KEPT) media.delete([...media.keys()][0] ?? '')
    return { type, media_id: mediaId, created_at: nowSeconds() }
  }

  return [
    { ...ofAccount, api: 'media/upload', path: '/cgi-bin/media/upload', method: 'POST', takesFile: true, run: upload },
    {
      ...ofAccount,
      api: 'media/get',
      path: '/cgi-bin/media/get',
      method: 'GET',
      run: ({ appId, query }) => {
        const found = media.get(textIn(query, 'media_id'))
        if (found?.appId !== appId) throw new ApiError(40007)
        return found
      },
    },
    {
      ...ofAccount,
      api: 'getwxacodeunlimit',
      path: '/wxa/getwxacodeunlimit',
      method: 'POST',
      run: ({ body }) => {
        const scene = textIn(body, 'scene')
        if (scene === '' || scene.length > MAX_SCENE_LENGTH) throw new ApiError(40169)
        if (textIn(body, 'page').startsWith('/')) throw new ApiError(41030)
        return { bytes: PNG, contentType: 'image/jpeg', fileName: undefined }
      },
    },
  ]
}
