// Owns: the signed-in caller, the chosen platform, and the caller's rights. The gateway enforces them; the console only
// hides what is not granted.
import { createContext, useContext } from 'react'
import { send } from '../api/client.ts'
import { ApiError } from '../api/api-error.ts'

type Grant = { platforms?: string[]; authorizers?: string[]; actions?: string[]; apis?: string[] }

export type Session = {
  caller: string
  platforms: string[]
  /** null or missing: all rights. */
  grants?: Grant[] | null
  csrfToken: string
}

export type Need = {
  action: string
  /** The right must reach this account. */
  authorizer?: string | undefined
  /** The right must not be narrowed to authorizers. */
  whole?: boolean
}

/** undefined: not signed in. */
export async function readSession(): Promise<Session | undefined> {
  const response = await send('/console/session')
  if (response.status === 401) return undefined
  return parseSession(response)
}

export async function signIn(key: string): Promise<Session> {
  const headers = { 'content-type': 'application/json' }
  const response = await send('/console/session', { method: 'POST', headers, body: JSON.stringify({ key }) })
  if (!response.ok) throw new ApiError(response.status, await response.json())
  const session = await readSession()
  if (!session) throw new ApiError(401, { code: 'COOKIE_REFUSED' })
  return session
}

export async function signOut(): Promise<void> {
  await send('/console/session', { method: 'DELETE' })
}

async function parseSession(response: Response): Promise<Session> {
  const body: unknown = await response.json()
  if (!response.ok) throw new ApiError(response.status, body)
  return body as Session
}

export function isGranted(
  { grants }: Pick<Session, 'grants'>,
  platform: string,
  { action, authorizer, whole }: Need,
): boolean {
  if (!grants) return true
  return grants.some((grant) => {
    if (grant.platforms && !grant.platforms.includes(platform)) return false
    if (grant.actions && !grant.actions.includes(action)) return false
    if (whole && grant.authorizers) return false
    return authorizer === undefined || !grant.authorizers || grant.authorizers.includes(authorizer)
  })
}

/** Whether a right to call WeChat's APIs reaches this path. `*` in a pattern matches any text, as in the gateway. */
export function reachesApi(
  { grants }: Pick<Session, 'grants'>,
  { platform, path, ...need }: Need & { platform: string; path: string },
): boolean {
  if (!grants) return true
  return grants.some(
    (grant) =>
      isGranted({ grants: [grant] }, platform, need) &&
      (grant.apis?.some((pattern) => matchesPattern(pattern, path)) ?? true),
  )
}

function matchesPattern(pattern: string, path: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[^A-Za-z0-9/_]/g, String.raw`\$&`))
  return new RegExp(`^${parts.join('.*')}$`).test(path)
}

export const SessionContext = createContext<{ session: Session; platform: string } | undefined>(undefined)

/** Inside the shell only. */
export function useSession(): { session: Session; platform: string; may(need: Need): boolean } {
  const context = useContext(SessionContext)
  if (!context) throw new Error('there is no session')
  return { ...context, may: (need) => isGranted(context.session, context.platform, need) }
}
