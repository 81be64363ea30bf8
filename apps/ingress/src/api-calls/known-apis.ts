// Owns: what the catalogue knows of a path, in the form in which calls are compared with it. What it does not know
// passes.
import { type Api, catalogue } from '@wxgw/catalogue'
import { comparable } from './call-url.ts'

// The rows of one path agree on token, parameter and permission sets.
const byName = new Map(catalogue.apis.map((api) => [comparable(api.path), api]))

/** `name`: as in CallUrl. */
export function knownApi(name: string): Api | undefined {
  return byName.get(name)
}

/** Those under `/cgi-bin/` are the same under `/cgi-bin/component/`, and the other way round. */
function everywhere(proxy: Api['proxy']): ReadonlySet<string> {
  const paths = catalogue.apis.flatMap((api) => (api.proxy === proxy ? [comparable(api.path)] : []))
  return new Set(
    paths.flatMap((path) => {
      const [, name] = /^\/cgi-bin\/(?:component\/)?(.+)$/.exec(path) ?? []
      return name === undefined ? [path] : [`/cgi-bin/${name}`, `/cgi-bin/component/${name}`]
    }),
  )
}

/** Give out, use up or end credentials that are good beyond the gateway: whoever may call them needs no gateway. */
export const NEVER_CALLED = everywhere('denied')

/** Their answers show a token or ticket: `tokens:read` is needed besides. */
export const SHOWS_TOKENS = everywhere('needs-tokens-read')

/** The second is the component's own of old. */
export const CLEAR_ALL_QUOTAS: ReadonlySet<string> = new Set(['/cgi-bin/clear_quota', '/cgi-bin/component/clear_quota'])
export const CLEARS_ONE_QUOTA = '/cgi-bin/openapi/quota/clear'

/** They are what one looks into an empty quota with. */
export const QUOTA_APIS: ReadonlySet<string> = new Set([
  ...CLEAR_ALL_QUOTAS,
  CLEARS_ONE_QUOTA,
  '/cgi-bin/openapi/quota/get',
])
