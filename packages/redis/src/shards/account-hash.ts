// Owns: the hash that assigns an account, or another text, to one of N shards. It must never change: it decided where
// stored data is.

const OFFSET_BASIS = 0x811c9dc5
const PRIME = 0x01000193

/** FNV-1a, 32 bits, of the text's UTF-16 units (an appid's are ASCII), modulo `count`: 0 to `count` - 1. */
export function shardOf(text: string, count: number): number {
  if (count === 1) return 0
  return hashOf(text) % count
}

function hashOf(text: string): number {
  let hash = OFFSET_BASIS
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), PRIME)
  return hash >>> 0
}
