// Owns: parsing `name=value` pairs of a URL or a form. Repeated names, broken percent encodings and control characters
// are reported, not repaired; the caller decides what to do.
import { MAX_QUERY_PARAMETERS } from './limits.ts'

export type Pairs = Record<string, string>

/** Why pairs could not be parsed, and their names. A name that cannot be decoded is given as it was written. */
export type PairsFault = { kind: 'too-many' } | { kind: 'repeated' | 'encoding' | 'control'; names: string[] }

// A symbol, so that no name in a query can collide with it.
const FAULT = Symbol('fault')
// oxlint-disable-next-line no-control-regex -- finding controls is what it is for
const CONTROL = /[\u0000-\u001f\u007f]/

/**
 * The values inherit nothing: `__proto__` is a name like any other. A repeated name has its first value. With another
 * fault, the pairs before it.
 */
export function parsePairs(text: string): Pairs {
  const pairs = noPairs()
  if (text === '') return pairs
  const parts = text.split('&')
  if (parts.length > MAX_QUERY_PARAMETERS) return withFault(pairs, { kind: 'too-many' })
  const repeated: string[] = []
  const withControl: string[] = []
  // Checked once for the whole text: nearly all texts are plain.
  const isPlain = !text.includes('%') && !text.includes('+') && !CONTROL.test(text)
  for (const part of parts) {
    if (part === '') continue
    const equals = part.indexOf('=')
    const writtenName = equals < 0 ? part : part.slice(0, equals)
    const writtenValue = equals < 0 ? '' : part.slice(equals + 1)
    const name = isPlain ? writtenName : decode(writtenName)
    const value = isPlain ? writtenValue : decode(writtenValue)
    if (name === undefined || value === undefined)
      return withFault(pairs, { kind: 'encoding', names: [name ?? writtenName] })
    if (pairs[name] !== undefined) {
      repeated.push(name)
      continue
    }
    if (!isPlain && (CONTROL.test(name) || CONTROL.test(value))) withControl.push(name)
    pairs[name] = value
  }
  if (repeated.length > 0) return withFault(pairs, { kind: 'repeated', names: repeated })
  return withControl.length === 0 ? pairs : withFault(pairs, { kind: 'control', names: withControl })
}

// Object.create(null) makes a slow object in V8. An instance of a class whose prototype inherits nothing is fast.
// oxlint-disable-next-line typescript/no-extraneous-class -- its prototype is all it is for
class NoPairs {}
Object.setPrototypeOf(NoPairs.prototype, null)
Reflect.deleteProperty(NoPairs.prototype, 'constructor')

function noPairs(): Pairs {
  return new NoPairs() as Pairs
}

export function pairsFault(pairs: unknown): PairsFault | undefined {
  if (typeof pairs !== 'object' || pairs === null) return undefined
  return (pairs as { [FAULT]?: PairsFault })[FAULT]
}

function withFault(pairs: Pairs, fault: PairsFault): Pairs {
  return Object.defineProperty(pairs, FAULT, { value: fault, enumerable: false })
}

function decode(text: string): string | undefined {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  if (!spaced.includes('%')) return spaced
  try {
    return decodeURIComponent(spaced)
  } catch {
    // It throws nothing but URIError.
    return undefined
  }
}
