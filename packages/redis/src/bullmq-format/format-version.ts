// Owns: which BullMQ the scripts of this folder write the format of.
import { createRequire } from 'node:module'

/** With any other version BullMQ does by itself what the scripts would, and more slowly. */
export const FORMAT_OF_BULLMQ = '6.7.0'

/** `version`: of the BullMQ that is installed. Default: what its package.json says. */
export function isFormatKnown(version = installedVersion()): boolean {
  return version === FORMAT_OF_BULLMQ
}

/** undefined, or what an operator should know. */
export function formatGap(version = installedVersion()): string | undefined {
  if (isFormatKnown(version)) return undefined
  const known = `our scripts write the format of ${FORMAT_OF_BULLMQ}`
  return `BullMQ ${version} is installed, ${known}: events reach consumers' queues more slowly`
}

export function installedVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)('bullmq/package.json')
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown'
}
