// Owns: finding unknown variables that resemble settings: misspelt ones, and settings of other versions. Values are
// read only to recognise variables of other software.
import type { Variables } from './read-settings.ts'
import { type SettingName, SETTINGS } from './settings.ts'

/** Longer names are not compared: the longest setting is much shorter. */
const MAX_NAME_LENGTH = 64

const KNOWN = Object.keys(SETTINGS) as SettingName[]

/** Other software uses these prefixes too: such a name is reported only if it is close to one of ours. */
const SHARED_WORDS = new Set(['ALLOW', 'AUTH', 'CONFIG', 'EVENT', 'FORCE', 'LOG', 'PUSH', 'REFRESH', 'TRUST'])

/** `REDIS_`, `WX_`; of a shared word the next one belongs to it: `EVENT_LOG_`. */
const PREFIXES: ReadonlySet<string> = new Set(KNOWN.flatMap(prefixOf))

/** Kubernetes and Docker set these for every service or linked container, by its name. */
const SERVICE_LINKS: readonly { name: RegExp; value?: RegExp }[] = [
  { name: /_SERVICE_(?:HOST|PORT(?:_\w+)?)$/ },
  { name: /_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/ },
  { name: /_PORT$/, value: /^(?:tcp|udp|sctp):\/\// },
  { name: /_NAME$/, value: /^\// },
  { name: /_ENV_/ },
]
/** Set by front-end tools. */
const OTHERS_NAMES = new Set(['PUBLIC_URL'])

type UnknownSetting = { name: string; problem: string }

/** `used`: names that CONFIG_FILE refers to. */
export function unknownSettings(variables: Variables, used: ReadonlySet<string>): UnknownSetting[] {
  return Object.keys(variables)
    .toSorted()
    .filter((name) => !Object.hasOwn(SETTINGS, name) && !used.has(name) && !isOthers(name, variables[name]))
    .flatMap((name) => suspicion(name))
}

function suspicion(name: string): UnknownSetting[] {
  // A byte order mark or a blank before the name is invisible.
  const plain = name
    .toUpperCase()
    .replace(/[.\s-]+/g, '_')
    .replace(/[^A-Z0-9_]|^_+/g, '')
  if (plain.length < 3 || name.length > MAX_NAME_LENGTH) return []
  const meant = nearest(plain) ?? KNOWN.find((known) => lacksWords(plain, known))
  const isOurs = [...PREFIXES].some((prefix) => plain.startsWith(prefix))
  if (meant === undefined && !isOurs) return []
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`
  return [{ name: printable(name), problem: `is not known and has no effect${hint}` }]
}

function isOthers(name: string, value = ''): boolean {
  if (value.trim() === '' || OTHERS_NAMES.has(name)) return true
  return SERVICE_LINKS.some((link) => link.name.test(name) && (link.value?.test(value) ?? true))
}

/** The known name with the smallest share of wrong letters, if that is small enough. */
function nearest(name: string): SettingName | undefined {
  const shares = KNOWN.map((known) => ({ known, share: shareOfWrongLetters(name, known) }))
  return shares.filter(({ share }) => share < 1).toSorted((a, b) => a.share - b.share)[0]?.known
}

/** 1 or more: too many. With the same first word, only the rest is compared; half of it may be wrong. */
function shareOfWrongLetters(name: string, known: string): number {
  const [first = '', ...rest] = known.split('_')
  if (name.startsWith(`${first}_`)) {
    const [one, other] = [name.slice(first.length + 1), rest.join('_')]
    return (2 * distance(one, other)) / Math.max(one.length, other.length)
  }
  // One in five, three at most.
  const limit = Math.min(3, Math.floor((known.length + 1) / 5))
  return distance(name, known) / (limit + 1)
}

/** `REFRESH_MARGIN` for `REFRESH_MARGIN_SECONDS`, `EVENT_SECONDS` for `EVENT_LOG_SECONDS`. */
function lacksWords(name: string, known: string): boolean {
  const words = name.split('_')
  const rest = known.split('_')
  if (words.length < 2 || words[0] !== rest[0]) return false
  return words.every((word) => {
    const at = rest.indexOf(word)
    if (at >= 0) rest.splice(0, at + 1)
    return at >= 0
  })
}

function prefixOf(name: string): string[] {
  const [first = '', second, third] = name.split('_')
  if (!SHARED_WORDS.has(first)) return [`${first}_`]
  return third === undefined ? [] : [`${first}_${second}_`]
}

function printable(name: string): string {
  return name.replace(/[^\x21-\x7e]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
}

/** How many letters to add, leave out, change, or swap with their neighbour (optimal string alignment). */
function distance(one: string, other: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let i = 1; i <= one.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= other.length; j += 1) {
      const change = (last[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1)
      const isSwap = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]
      const swap = isSwap ? (beforeLast[j - 2] ?? 0) + 1 : Infinity
      row.push(Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, change, swap))
    }
    beforeLast = last
    last = row
  }
  return last[other.length] ?? 0
}
