// Owns: which BullMQ our scripts write the format of, and under which keys a queue stands there.
import { createRequire } from 'node:module'

/** The only version whose format this is: with any other, BullMQ does by itself what the scripts would. */
const FORMAT_OF_BULLMQ = '6.7.0'

/** `version`: of the BullMQ that is installed. Default: what its package.json says. */
export function isFormatKnown(version = installedVersion()): boolean {
  return version === FORMAT_OF_BULLMQ
}

function installedVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)('bullmq/package.json')
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : 'unknown'
}

/** BullMQ's Queue, or a backend of it. */
type Keyed = { keys: Readonly<Record<string, string>> }

/** The queue's keys of these names, in their order. */
export function keysOf({ keys }: Keyed, names: readonly string[]): string[] {
  return names.map((name) => keys[name] ?? '')
}

/** Of all keys of the queue; it ends in a colon. */
export function prefixOf({ keys }: Keyed): string {
  return keys[''] ?? ''
}
