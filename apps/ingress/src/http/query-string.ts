// Owns: reading `name=value` pairs, of a URL or of a form, without ever guessing: repeated names, broken percent
// encodings and control characters are reported, not repaired. What to do about them is the callers' business.
import { MAX_QUERY_PARAMETERS } from './limits.ts'

export type Pairs = Record<string, string>

/** Why pairs were not understood, and of which names. An undecodable name is given as it was written. */
export type PairsFault = { kind: 'too-many' } | { kind: 'repeated' | 'encoding' | 'control'; names: string[] }

// A symbol, so that no name in a query can be taken for it.
const FAULT = Symbol('fault')
// oxlint-disable-next-line no-control-regex -- finding controls is what it is for
const CONTROL = /[\u0000-\u001f\u007f]/

/**
 * The values inherit nothing: `__proto__` is a name like any other. Of a repeated name it is the first; with another
 * fault, what was read until then.
 */
export function parsePairs(text: string): Pairs {
  const pairs = noPairs()
  if (text === '') return pairs
  const parts = text.split('&')
  if (parts.length > MAX_QUERY_PARAMETERS) return withFault(pairs, { kind: 'too-many' })
  const repeated: string[] = []
  const withControl: string[] = []
  // Looked for once in the whole, not in each part: nearly all texts are plain.
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

// An object that is made without a prototype is a slow one in V8, an instance of a class whose prototype inherits
// nothing is not.
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
    // URIError is the only thing it throws, and the caller is told by `undefined`.
    return undefined
  }
}
