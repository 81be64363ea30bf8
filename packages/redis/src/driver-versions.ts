// Owns: the versions of BullMQ and ioredis whose internals this package uses. With any other version their own, slower
// or stricter code runs, and the operator gets a warning.
import { createRequire } from 'node:module'

type Driver = 'bullmq' | 'ioredis'

/** The scripts of bullmq-format/ write BullMQ's private format. patient-redis.ts overrides `sendCommand` of ioredis. */
export const KNOWN_VERSIONS: Readonly<Record<Driver, string>> = { bullmq: '6.7.0', ioredis: '6.0.0' }

const LOST: Readonly<Record<Driver, string>> = {
  bullmq: `our scripts write the format of ${KNOWN_VERSIONS.bullmq}: events reach consumers' queues more slowly`,
  ioredis: `our time-outs are made for ${KNOWN_VERSIONS.ioredis}: after a process stood still, its commands fail`,
}

/** `version`: of the driver that is installed. Default: what its package.json says. */
export function isVersionKnown(driver: Driver, version = installedVersion(driver)): boolean {
  return version === KNOWN_VERSIONS[driver]
}

/** What an operator should know; undefined when the version is the known one. */
export function versionGap(driver: Driver, version = installedVersion(driver)): string | undefined {
  if (isVersionKnown(driver, version)) return undefined
  return `${driver === 'bullmq' ? 'BullMQ' : driver} ${version} is installed, ${LOST[driver]}`
}

export function installedVersion(driver: Driver): string {
  const manifest: unknown = createRequire(import.meta.url)(`${driver}/package.json`)
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown'
}
