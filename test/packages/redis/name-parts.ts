// Owns: platform ids and subscription names that try to be mistaken for each other: all short ones, and what looks
// like our own names.
import { isPlatformId, reservedPlatformId } from '@wxgw/wechat-core'
import { seededRandom } from '../../chaos/random.ts'

const ALPHABET = ['a', '1', '-']
const WORDS = [
  ...['open', 'open1', 'open10', 'crm', 'x', '3'],
  ...['deliveries', 'queue', 'stream', 'wx', 'component', 'events', 'messages', 'platform'],
]

/** Pairs of platform and subscription, the same in every run. No platform is one that the start refuses. */
export function someSubscriptions(): Array<readonly [platform: string, subscription: string]> {
  const short = textsUpTo(3).filter(isPlatformId)
  const random = seededRandom(16)
  const word = () => WORDS[Math.floor(random() * WORDS.length)] ?? ''
  const composed = () => Array.from({ length: 1 + Math.floor(random() * 3) }, word).join('-')
  const long = Array.from({ length: 400 }, () => [composed(), composed()] as const)
  const pairs = [...short.flatMap((platform) => short.map((name) => [platform, name] as const)), ...long]
  return pairs.filter(([platform]) => isPlatformId(platform) && reservedPlatformId(platform) === undefined)
}

function textsUpTo(length: number): string[] {
  if (length === 0) return ['']
  const shorter = textsUpTo(length - 1)
  return [...new Set([...shorter, ...shorter.flatMap((text) => ALPHABET.map((letter) => text + letter))])]
}
