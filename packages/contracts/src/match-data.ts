// Owns: `match.data`: its form, and whether the data of an event fulfil it.
import { Type, type Static } from 'typebox'

const MAX_FIELDS = 10
const text = Type.String({ maxLength: 256 })
const texts = Type.Array(text, { maxItems: 200 })
const closed = { additionalProperties: false }

/** Names as WeChat has them, at most eight levels of them. */
const FIELD_PATTERN = '^[^.\\u0000-\\u0020]{1,64}(\\.[^.\\u0000-\\u0020]{1,64}){0,7}$'

const ConditionSchema = Type.Union(
  [
    texts,
    Type.Object({ prefix: text }, closed),
    Type.Object({ exists: Type.Boolean() }, closed),
    Type.Object({ not: texts }, closed),
  ],
  { description: 'a list of exact texts, {"prefix"}, {"exists": true|false} or {"not": [texts]}' },
)

export const MatchDataSchema = Type.Record(Type.String({ pattern: FIELD_PATTERN }), ConditionSchema, {
  ...closed,
  maxProperties: MAX_FIELDS,
  // The OpenAPI document shows no pattern of a record's names otherwise.
  propertyNames: { type: 'string', pattern: FIELD_PATTERN },
  description: 'by field of `data`, dots lead inwards; all of them must hold',
})
export type MatchData = Static<typeof MatchDataSchema>
type Condition = Static<typeof ConditionSchema>

type Found = { texts: readonly string[]; exists: boolean }
type CompiledField = { field: string; names: readonly string[]; holds(found: Found): boolean }

/** Answers what stands at a field. Of one event, so that each field is read once however many subscriptions name it. */
type DataReader = (field: string, names: readonly string[]) => Found

export function createDataReader(data: unknown): DataReader {
  const known = new Map<string, Found>()
  return (field, names) => {
    const found = known.get(field) ?? readField(data, names)
    known.set(field, found)
    return found
  }
}

/**
 * The first field whose condition does not hold; undefined when all hold. Costs a look into a set per field and text.
 */
export function failingField(match: MatchData, read: DataReader): string | undefined {
  return compile(match).find(({ field, names, holds }) => !holds(read(field, names)))?.field
}

const compiled = new WeakMap<MatchData, readonly CompiledField[]>()

/** Made once per subscription. */
function compile(match: MatchData): readonly CompiledField[] {
  const known = compiled.get(match)
  if (known) return known
  const fields = Object.entries(match).map(([field, condition]) => ({
    field,
    names: field.split('.'),
    holds: holdsOf(condition),
  }))
  compiled.set(match, fields)
  return fields
}

function holdsOf(condition: Condition): CompiledField['holds'] {
  if (Array.isArray(condition)) return includesOne(condition)
  if ('prefix' in condition) return (found) => found.texts.some((one) => one.startsWith(condition.prefix))
  if ('exists' in condition) return (found) => found.exists === condition.exists
  const isListed = includesOne(condition.not)
  return (found) => !isListed(found)
}

function includesOne(wanted: readonly string[]): CompiledField['holds'] {
  const set = new Set(wanted)
  return (found) => found.texts.some((one) => set.has(one))
}

/**
 * An array stands for its elements, at each level and at the end. Numbers and flags compare as JSON writes them, null
 * is missing.
 */
function readField(data: unknown, names: readonly string[]): Found {
  let value: unknown = data
  for (const name of names) {
    value = Array.isArray(value) ? value.flatMap((element) => memberOf(element, name)) : memberOf(value, name)
  }
  if (typeof value === 'string') return { texts: [value], exists: true }
  const there = (Array.isArray(value) ? (value as unknown[]) : [value]).filter(
    (one) => one !== undefined && one !== null,
  )
  return { texts: there.flatMap(textOf), exists: there.length > 0 }
}

function textOf(leaf: unknown): string | [] {
  if (typeof leaf === 'string') return leaf
  return typeof leaf === 'number' || typeof leaf === 'boolean' ? String(leaf) : []
}

function memberOf(value: unknown, name: string): unknown {
  return isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
