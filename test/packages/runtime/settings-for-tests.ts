// Owns: an environment that is complete and right, for tests that then break one thing of it.
import { ConfigError } from '@wxgw/runtime'

export const AES_KEY = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG'
export const CALLER_KEY = 'k'.repeat(32)

export const COMPLETE: Readonly<Record<string, string>> = {
  WX_COMPONENT_APPID: 'wx0123456789abcdef',
  WX_COMPONENT_APPSECRET: 'appsecret-of-the-component',
  WX_TOKEN: 'pushtoken',
  WX_ENCODING_AES_KEY: AES_KEY,
  API_KEYS: `ops=${CALLER_KEY}`,
  SEALING_KEYS: `k1:${Buffer.alloc(32, 7).toString('base64')}`,
}

/** Stands for the disk: the files of `files`, and nothing else. A text stands for its UTF-8. */
export function filesOf(files: Readonly<Record<string, string | Uint8Array>>): (path: string) => Uint8Array {
  return (path) => {
    const content = files[path]
    if (content === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
    return typeof content === 'string' ? Buffer.from(content) : content
  }
}

/** What `load` refuses, by setting; nothing, when it refuses nothing. */
export function problemsIn(load: () => unknown): Record<string, string> {
  try {
    load()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return Object.fromEntries(error.problems.map(({ setting, problem }) => [setting, problem]))
  }
  return {}
}
