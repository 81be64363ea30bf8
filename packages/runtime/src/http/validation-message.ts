// Owns: one sentence about a request that does not fit its schema: the member and what is expected. It contains no
// value of the request, and names of members only if they are harmless.

/** One error of AJV's, with `verbose`. */
export type Violation = {
  keyword: string
  /** Where in the request, as a JSON pointer. */
  instancePath: string
  /** Where in the schema. */
  schemaPath: string
  params: Readonly<Record<string, unknown>>
  /** AJV's message: it contains only values of the schema. */
  message: string
  parentSchema: Schema
  data: unknown
}

type Schema = {
  properties?: Readonly<Record<string, Schema>>
  anyOf?: readonly Schema[]
  oneOf?: readonly Schema[]
  const?: string | number | boolean | null
}

const HARMLESS_NAME = /^[A-Za-z_]{1,32}$/
const HARMLESS_PATH = /^(?:\/(?:\d{1,6}|[A-Za-z_]{1,32})){0,10}$/

const TYPES: Readonly<Record<string, string>> = {
  object: 'an object',
  array: 'a list',
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  null: 'null',
}

/** Whether an answer may repeat a name that a caller wrote: not if it could be a key, a code or an address. */
export function isHarmlessName(name: unknown): name is string {
  return typeof name === 'string' && HARMLESS_NAME.test(name)
}

/**
 * undefined when every text might echo the request. AJV stops at the first error; the last violation is the relevant
 * one.
 */
export function explainViolations(violations: readonly Violation[]): string | undefined {
  const violation = violations.at(-1)
  if (!violation || !HARMLESS_PATH.test(violation.instancePath)) return undefined
  const { keyword, instancePath: path, params, parentSchema } = violation
  switch (keyword) {
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return unknownMember(path, params['additionalProperty'] ?? params['unevaluatedProperty'], parentSchema)
    case 'required':
      return `${path}/${String(params['missingProperty'])} is missing`
    case 'propertyNames':
      return sentence(path, 'has a member that is not known here')
    case 'anyOf':
    case 'oneOf':
      return explainUnion(violation, violations.slice(0, -1))
    default:
      return sentence(path, demandOf(violation))
  }
}

function unknownMember(path: string, name: unknown, { properties = {} }: Schema): string {
  const known = Object.keys(properties)
  const hint = known.length > 0 ? `; known are ${known.join(', ')}` : ''
  return isHarmlessName(name)
    ? `${path}/${name} is not known here${hint}`
    : sentence(path, `has a member that is not known here${hint}`)
}

/** Explains the intended form of a union, found by the member that has a different constant in each form. */
function explainUnion(union: Violation, inside: readonly Violation[]): string | undefined {
  const { instancePath: path, data } = union
  const forms = union.parentSchema.anyOf ?? union.parentSchema.oneOf ?? []
  const failuresOf = (form: number) =>
    inside.filter(({ schemaPath }) => schemaPath.startsWith(`${union.schemaPath}/${form}/`))
  const member = distinguishingMember(forms)
  if (member === undefined || !isObject(data))
    return sentence(path, joinDemands(forms.map((_, form) => failuresOf(form))))
  const meant = formOf(forms, { member, data })
  if (meant >= 0) return explainViolations(failuresOf(meant))
  if (!(member in data)) return `${path}/${member} is missing`
  const constants = forms.flatMap(({ properties }) => properties?.[member]?.const ?? [])
  return `${path}/${member} must be one of ${constants.join(', ')}`
}

function distinguishingMember(forms: readonly Schema[]): string | undefined {
  const counts = new Map<string, number>()
  for (const { properties = {} } of forms) {
    for (const [name, schema] of Object.entries(properties)) {
      if (schema.const !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1)
    }
  }
  return [...counts].find(([, count]) => count > 1)?.[0]
}

/** -1 when no form fits. A form without the constant fits when the request has one of its other members. */
function formOf(forms: readonly Schema[], { member, data }: { member: string; data: Record<string, unknown> }): number {
  return forms.findIndex(({ properties = {} }) => {
    const constant = properties[member]?.const
    if (constant !== undefined) return constant === data[member]
    return !(member in data) && Object.keys(properties).some((name) => name in data)
  })
}

function joinDemands(failures: ReadonlyArray<readonly Violation[]>): string {
  const last = failures.flatMap((ofOne) => ofOne.at(-1) ?? [])
  const constants = last.flatMap(({ keyword, params }) => {
    if (keyword === 'const') return [String(params['allowedValue'])]
    return keyword === 'type' && params['type'] === 'null' ? ['null'] : []
  })
  if (constants.length === last.length) return `must be one of ${constants.join(', ')}`
  return [...new Set(last.map(demandOf))].join(' or ')
}

function demandOf({ keyword, params, message }: Violation): string {
  switch (keyword) {
    case 'type':
      return `must be ${String(params['type'])
        .split(',')
        .map((type) => TYPES[type] ?? type)
        .join(' or ')}`
    case 'const':
      return `must be ${String(params['allowedValue'])}`
    case 'enum':
      return `must be one of ${String(params['allowedValues']).replaceAll(',', ', ')}`
    default:
      return message
  }
}

function sentence(path: string, demand: string): string {
  return path === '' ? demand : `${path} ${demand}`
}

function isObject(data: unknown): data is Record<string, unknown> {
  return typeof data === 'object' && data !== null && !Array.isArray(data)
}
