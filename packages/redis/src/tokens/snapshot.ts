// Owns: parsing the answers of this folder's scripts, and the snapshot of a token that they share (snapshot.lua).
import { type RefreshClaim, Secret, type TokenSnapshot } from '@wxgw/wechat-core'

const SNAPSHOT_LENGTH = 6

export function parseSnapshot(values: readonly string[]): TokenSnapshot {
  const [nowMs, token, expiresAtMs, lifetimeSeconds, version, refreshedAtMs] = values
  return {
    nowMs: Number(nowMs),
    stored: token
      ? { token: new Secret(token), expiresAtMs: Number(expiresAtMs), lifetimeSeconds: Number(lifetimeSeconds) }
      : undefined,
    version: Number(version),
    refreshedAtMs: Number(refreshedAtMs),
  }
}

/** A script's answer as a list of strings. */
export function parseAnswer(answer: unknown): string[] {
  if (!Array.isArray(answer)) throw new TypeError('a script answered with something else than a list')
  return answer.map((value) => (value === null ? '' : String(value)))
}

/** `changed` + snapshot, `failed` + JSON, `busy`, or `claimed` + fence + the material of the refresh. */
export function parseClaim<Material>(
  values: readonly string[],
  parseMaterial: (values: string[]) => Material,
): RefreshClaim<Material> {
  const [kind, ...rest] = values
  switch (kind) {
    case 'changed':
      return { kind, snapshot: parseSnapshot(rest.slice(0, SNAPSHOT_LENGTH)) }
    case 'failed':
      return { kind, failure: JSON.parse(rest[0] ?? '') }
    case 'busy':
      return { kind }
    case 'claimed':
      return { kind, fence: Number(rest[0]), material: parseMaterial(rest.slice(1)) }
    default:
      throw new TypeError('a claim answered with an unknown kind')
  }
}
