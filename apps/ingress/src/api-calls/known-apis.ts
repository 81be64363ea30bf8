// Owns: what the catalogue knows of a path, in the form in which calls are compared with it. What it does not know passes.
import { type Api, catalogue } from '@wxgw/catalogue'
import { comparable } from './call-url.ts'

// The rows of one path agree on token, parameter and permission sets.
const byName = new Map(catalogue.apis.map((api) => [comparable(api.path), api]))

/** `name`: as in CallUrl. */
export function knownApi(name: string): Api | undefined {
  return byName.get(name)
}

/** They stand under `/cgi-bin/` or `/cgi-bin/component/`, and are the same under the other. */
function everywhere(proxy: Api['proxy']): ReadonlySet<string> {
  const names = catalogue.apis.filter((api) => api.proxy === proxy).map(({ path }) => path.replace(/^\/cgi-bin\/(component\/)?/, ''))
  return new Set(names.flatMap((name) => [`/cgi-bin/${name}`, `/cgi-bin/component/${name}`]))
}

/** Give out, use up or end credentials: whoever may call them needs no gateway. */
export const NEVER_CALLED = everywhere('denied')

/** Their answers show a token or ticket: `tokens:read` is needed besides. */
export const SHOWS_TOKENS = everywhere('needs-tokens-read')

/** The second is the component's own of old. */
export const CLEAR_ALL_QUOTAS: ReadonlySet<string> = new Set(['/cgi-bin/clear_quota', '/cgi-bin/component/clear_quota'])
export const CLEARS_ONE_QUOTA = '/cgi-bin/openapi/quota/clear'

/** They are what one looks into an empty quota with. */
export const QUOTA_APIS: ReadonlySet<string> = new Set([...CLEAR_ALL_QUOTAS, CLEARS_ONE_QUOTA, '/cgi-bin/openapi/quota/get'])
