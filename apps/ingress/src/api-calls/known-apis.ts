// Owns: finding the catalogue's row of a call's path. Unknown paths are allowed.
import { type Api, catalogue } from '@wxgw/catalogue'
import { comparable } from './call-url.ts'

// All rows of one path have the same token, parameter and permission sets.
const byName = new Map(catalogue.apis.map((api) => [comparable(api.path), api]))

/** `name`: as in CallUrl. */
export function knownApi(name: string): Api | undefined {
  return byName.get(name)
}

/** Each path under `/cgi-bin/` and under `/cgi-bin/component/`. */
function everywhere(proxy: Api['proxy']): ReadonlySet<string> {
  const paths = catalogue.apis.flatMap((api) => (api.proxy === proxy ? [comparable(api.path)] : []))
  return new Set(
    paths.flatMap((path) => {
      const [, name] = /^\/cgi-bin\/(?:component\/)?(.+)$/.exec(path) ?? []
      return name === undefined ? [path] : [`/cgi-bin/${name}`, `/cgi-bin/component/${name}`]
    }),
  )
}

/** APIs that issue, consume or revoke credentials that work without the gateway. Never called. */
export const NEVER_CALLED = everywhere('denied')

/** Their answers contain a token or ticket, so they also need `tokens:read`. */
export const SHOWS_TOKENS = everywhere('needs-tokens-read')

/** The second is the component's older one. */
export const CLEAR_ALL_QUOTAS: ReadonlySet<string> = new Set(['/cgi-bin/clear_quota', '/cgi-bin/component/clear_quota'])
export const CLEARS_ONE_QUOTA = '/cgi-bin/openapi/quota/clear'

/** For diagnosing a used-up quota, so the brake does not stop them. */
export const QUOTA_APIS: ReadonlySet<string> = new Set([
  ...CLEAR_ALL_QUOTAS,
  CLEARS_ONE_QUOTA,
  '/cgi-bin/openapi/quota/get',
])
