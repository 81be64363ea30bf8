// Owns: `match.data`: its schema, and whether an event's data meet it.
import { Type, type Static } from 'typebox'

const MAX_FIELDS = 10
const text = Type.String({ maxLength: 256 })
const texts = Type.Array(text, { maxItems: 200 })
const closed = { additionalProperties: false }

/** WeChat's names, joined by dots, at most eight levels. */
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
  description: 'conditions by field of `data`; a dot separates levels; all of them must hold',
})
export type MatchData = Static<typeof MatchDataSchema>
type Condition = Static<typeof ConditionSchema>

type FieldValue = { texts: readonly string[]; exists: boolean }
type CompiledField = { field: string; names: readonly string[]; holds(value: FieldValue): boolean }

/** Reads the fields of one event. It caches them: subscriptions that name the same field share the value. */
type DataReader = (field: string, names: readonly string[]) => FieldValue

export function createDataReader(data: unknown): DataReader {
  const cache = new Map<string, FieldValue>()
  return (field, names) => {
    const value = cache.get(field) ?? readField(data, names)
    cache.set(field, value)
    return value
  }
}

/** The first field whose condition does not hold; undefined when all hold. Costs a set lookup per field and text. */
export function failingField(match: MatchData, read: DataReader): string | undefined {
  return compile(match).find(({ field, names, holds }) => !holds(read(field, names)))?.field
}

const compiled = new WeakMap<MatchData, readonly CompiledField[]>()

/** Compiles each subscription's `match.data` once. */
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
  if ('prefix' in condition) return ({ texts }) => texts.some((one) => one.startsWith(condition.prefix))
  if ('exists' in condition) return ({ exists }) => exists === condition.exists
  const isListed = includesOne(condition.not)
  return (value) => !isListed(value)
}

function includesOne(wanted: readonly string[]): CompiledField['holds'] {
  const set = new Set(wanted)
  return ({ texts }) => texts.some((one) => set.has(one))
}

/**
 * An array is read element by element, at each level. Numbers and booleans compare as JSON writes them; null counts as
 * missing.
 */
function readField(data: unknown, names: readonly string[]): FieldValue {
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
