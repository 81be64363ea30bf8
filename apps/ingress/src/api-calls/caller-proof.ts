// Owns: who makes a call: a caller's key as everywhere, or, for the calls of an account, a stand-in in place of its
// access token.
import type { CallerConfig } from '@wxgw/runtime'
import type { Callers } from '../auth/callers.ts'
import { isGranted } from '../auth/grants.ts'
import type { StandIns } from './stand-ins.ts'

export type Proof = {
  authorizationHeaders: readonly string[]
  /** What the query gives as `access_token`. */
  accessTokens: readonly string[]
  /** undefined where no stand-in is accepted. */
  place: { platform: string; appId: string } | undefined
}

/**
 * undefined when neither is valid. Several tokens are ambiguous, as several headers are: somebody in between may have
 * meant another.
 */
export function proveCaller(
  { callers, standIns }: { callers: Callers; standIns: StandIns },
  proof: Proof,
): CallerConfig | undefined {
  const byKey = callers.find(proof.authorizationHeaders)
  if (byKey !== undefined) return byKey
  const [standIn, ...others] = proof.accessTokens
  if (proof.place === undefined || standIn === undefined || others.length > 0) return undefined
  const caller = standIns.callerOf(standIn, proof.place)
  const { platform, appId: authorizer } = proof.place
  // A stand-in is void with the grant that it was given for.
  return caller && isGranted(caller, { platform, action: 'api:call', authorizer }) ? caller : undefined
}
