// Owns: who is signed in, on which platform, and what that caller may do. The gateway decides; here it is only not
// shown.
import { createContext, useContext } from 'react'
import { send } from '../api/client.ts'
import { Refusal } from '../api/refusal.ts'

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
  /** This one must be within the right. */
  authorizer?: string | undefined
  /** Only a right that is not narrowed to authorizers. */
  whole?: boolean
}

/** undefined: nobody is signed in. */
export async function readSession(): Promise<Session | undefined> {
  const response = await send('/console/session')
  if (response.status === 401) return undefined
  return parseSession(response)
}

export async function signIn(key: string): Promise<Session> {
  const headers = { 'content-type': 'application/json' }
  const response = await send('/console/session', { method: 'POST', headers, body: JSON.stringify({ key }) })
  if (!response.ok) throw new Refusal(response.status, await response.json())
  const session = await readSession()
  if (!session) throw new Refusal(401, { code: 'COOKIE_REFUSED' })
  return session
}

export async function signOut(): Promise<void> {
  await send('/console/session', { method: 'DELETE' })
}

async function parseSession(response: Response): Promise<Session> {
  const body: unknown = await response.json()
  if (!response.ok) throw new Refusal(response.status, body)
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

/** Does a right to call WeChat's APIs reach this path? `*` of a pattern stands for any text, as in the gateway. */
export function reachesApi(
  { grants }: Pick<Session, 'grants'>,
  { platform, path, ...need }: Need & { platform: string; path: string },
): boolean {
  if (!grants) return true
  return grants.some(
    (grant) =>
      isGranted({ grants: [grant] }, platform, need) && (grant.apis?.some((pattern) => isLike(pattern, path)) ?? true),
  )
}

function isLike(pattern: string, path: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[^A-Za-z0-9/_]/g, String.raw`\$&`))
  return new RegExp(`^${parts.join('.*')}$`).test(path)
}

export const SessionContext = createContext<{ session: Session; platform: string } | undefined>(undefined)

/** Within the console's shell only. */
export function useSession(): { session: Session; platform: string; may(need: Need): boolean } {
  const context = useContext(SessionContext)
  if (!context) throw new Error('there is no session')
  return { ...context, may: (need) => isGranted(context.session, context.platform, need) }
}
