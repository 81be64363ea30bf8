// Owns: the APIs that read and reset daily quotas.
import type { Settings } from '../settings.ts'
import { type Endpoint, textIn } from './endpoint.ts'
import type { Quota } from './quota.ts'
import { ApiError } from './api-error.ts'

type Deps = { settings: () => Settings; quota: Quota; apiOfPath: (path: string) => string | undefined }

export function quotaEndpoints({ settings, quota, apiOfPath }: Deps): Endpoint[] {
  function apiIn(body: Readonly<Record<string, unknown>>): string {
    const api = apiOfPath(textIn(body, 'cgi_path'))
    if (api === undefined) throw new ApiError(76021)
    return api
  }

  return [
    {
      api: 'openapi/quota/get',
      path: '/cgi-bin/openapi/quota/get',
      method: 'POST',
      token: 'either',
      namesComponent: false,
      run: ({ appId, body }) => ({ errcode: 0, errmsg: 'ok', quota: quota.read(apiIn(body), appId) }),
    },
    {
      api: 'openapi/quota/clear',
      path: '/cgi-bin/openapi/quota/clear',
      method: 'POST',
      token: 'either',
      namesComponent: false,
      run: ({ appId, body }) => {
        quota.reset(appId, apiIn(body))
        return { errcode: 0, errmsg: 'ok' }
      },
    },
    {
      api: 'clear_quota',
      path: '/cgi-bin/clear_quota',
      method: 'POST',
      token: 'either',
      namesComponent: false,
      run: ({ appId, body }) => {
        if (textIn(body, 'appid') !== appId) throw new ApiError(40013)
        quota.reset(appId)
        return { errcode: 0, errmsg: 'ok' }
      },
    },
    {
      // Takes the secret instead of a token: without quota, no call with a token passes.
      api: 'clear_quota/v2',
      path: '/cgi-bin/component/clear_quota/v2',
      method: 'POST',
      token: 'none',
      namesComponent: true,
      run: ({ appId, body }) => {
        const secret = textIn(body, 'appsecret')
        if (secret === '') throw new ApiError(41004)
        if (secret !== settings().component.appSecret) throw new ApiError(40125)
        quota.reset(textIn(body, 'appid') || appId)
        return { errcode: 0, errmsg: 'ok' }
      },
    },
  ]
}
