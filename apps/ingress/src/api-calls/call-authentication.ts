// Owns: authenticating the caller of a call: by its key or, for calls of an account, by a stand-in in place of the
// access token.
import type { CallerConfig } from '@wxgw/runtime'
import type { Callers } from '../auth/callers.ts'
import { isGranted } from '../auth/grants.ts'
import type { StandIns } from './stand-ins.ts'

type CallCredentials = {
  authorizationHeaders: readonly string[]
  /** The values of `access_token` in the query. */
  accessTokens: readonly string[]
  /** undefined when no stand-in is accepted. */
  place: { platform: string; appId: string } | undefined
}

/**
 * undefined when neither is valid. Several tokens or headers are ambiguous, because a proxy may have used another one.
 */
export function authenticateCall(
  { callers, standIns }: { callers: Callers; standIns: StandIns },
  given: CallCredentials,
): CallerConfig | undefined {
  const byKey = callers.find(given.authorizationHeaders)
  if (byKey !== undefined) return byKey
  const [standIn, ...others] = given.accessTokens
  if (given.place === undefined || standIn === undefined || others.length > 0) return undefined
  const caller = standIns.callerOf(standIn, given.place)
  const { platform, appId: authorizer } = given.place
  // A stand-in is refused once its grant has ended.
  return caller && isGranted(caller, { platform, action: 'api:call', authorizer }) ? caller : undefined
}
