// Owns: the form of the `subscriptions` in CONFIG_FILE. packages/redis applies them to the stored ones (declared.ts).
import {
  isWebhookSecret,
  type SubscriptionInput,
  SubscriptionInputSchema,
  SUBSCRIPTION_NAME_PATTERN,
} from '@wxgw/contracts'
import { Secret } from '@wxgw/wechat-core'
import { Convert, Errors } from 'typebox/value'
import type { Placed } from './config-file.ts'
import type { ReportProblem } from './config-error.ts'
import { platformId } from './credentials.ts'
import { type Field, readMap, readRequiredText, reportAt, UNRESOLVED } from './file-fields.ts'
import { matching, type Parser } from './parsed.ts'

/** `input` contains no secret; `secret` is that of a webhook. */
export type DeclaredSubscription = {
  platform: string
  name: string
  input: SubscriptionInput
  secret: Secret | undefined
}

/** Members of the API's answers, ignored here, so that an answer can be copied into the file. */
const OF_ANSWERS = new Set(['declared', 'createdAt', 'updatedAt'])
const MEMBERS = [
  'platform',
  ...Object.keys(SubscriptionInputSchema.properties).filter((member) => !OF_ANSWERS.has(member)),
]
const subscriptionName: Parser<string> = matching(
  new RegExp(SUBSCRIPTION_NAME_PATTERN),
  'must be 1 to 63 of a-z, 0-9 and -, and not begin with -',
)

/** `checkWebhookUrl` returns the problem of a URL, or undefined. */
type Deps = { report: ReportProblem; checkWebhookUrl(url: string): string | undefined }

/** undefined after a reported problem. Converts texts to the numbers and flags of the schema. */
export function readDeclaredSubscription(field: Field, deps: Deps): Placed<DeclaredSubscription>[] | undefined {
  const { report } = deps
  const fields = readMap(field, MEMBERS, report)
  if (!fields) return undefined
  const platform = readRequiredText({ field: fields.platform, path: `${field.path}.platform` }, platformId, report)
  const name = readRequiredText({ field: fields.name, path: `${field.path}.name` }, subscriptionName, report)
  const { platform: _platform, name: _name, ...members } = fields
  const entries = Object.entries(members).flatMap(([key, member]) => (member ? [[key, member.value] as const] : []))
  const input = inputOf({ path: field.path, value: Object.fromEntries(entries) }, deps)
  if (platform === undefined || name === undefined || !input) return undefined
  const { sink } = input
  if (sink.kind !== 'webhook' || sink.secret === undefined)
    return [{ place: `CONFIG_FILE ${field.path}`, value: { platform, name, input, secret: undefined } }]
  const { secret, ...open } = sink
  return [
    {
      place: `CONFIG_FILE ${field.path}`,
      value: { platform, name, input: { ...input, sink: open }, secret: new Secret(secret) },
    },
  ]
}

function inputOf(
  { path, value }: { path: string; value: object },
  { report, checkWebhookUrl }: Deps,
): SubscriptionInput | undefined {
  if (hasUnresolved(value)) return undefined
  const converted: unknown = Convert(SubscriptionInputSchema, withSinkConverted(value))
  const problems = problemsOf(converted)
  for (const [member, problem] of problems) reportAt(report, member === '' ? path : `${path}.${member}`, problem)
  if (problems.size > 0) return undefined
  const input = converted as SubscriptionInput
  for (const given of ['queue', 'prefix', 'stream'].filter((member) => member in input.sink)) {
    reportAt(report, `${path}.sink.${given}`, 'is given by the gateway: leave it out')
  }
  if (input.sink.kind !== 'webhook') return input
  if (input.sink.secret === undefined || !isWebhookSecret(input.sink.secret)) {
    reportAt(
      report,
      `${path}.sink.secret`,
      'is required: whsec_ and the base64 of 24 to 64 bytes. Nobody would see a generated one',
    )
    return undefined
  }
  const refusal = checkWebhookUrl(input.sink.url)
  if (refusal !== undefined) reportAt(report, `${path}.sink.url`, `is refused: ${refusal}`)
  return refusal === undefined ? input : undefined
}

/** Problems by member, as a dotted path. Of the forms of a sink only the one of its kind is reported. */
function problemsOf(value: unknown): Map<string, string> {
  const problems = new Map<string, string>()
  const sink = SINK_BY_KIND[kindOf(value)]
  const errors = Errors(SubscriptionInputSchema, value)
  for (const { instancePath, keyword, message } of errors) {
    if (instancePath.startsWith('/sink') || keyword === 'anyOf') continue
    addProblem(problems, { member: memberOf(instancePath), keyword, message })
  }
  if (!sink) problems.set('sink.kind', `must be one of ${Object.keys(SINK_BY_KIND).join(', ')}`)
  else {
    for (const { instancePath, keyword, message } of Errors(sink, sinkOf(value))) {
      addProblem(problems, { member: memberOf(`/sink${instancePath}`), keyword, message })
    }
  }
  return problems
}

/** An unknown member has two errors: one at the member, and one at its parent, which is skipped. */
function addProblem(
  problems: Map<string, string>,
  { member, keyword, message }: { member: string; keyword: string; message: string },
): void {
  if (keyword === 'additionalProperties') return
  problems.set(member, keyword === 'boolean' ? 'is not known here' : message)
}

const SINK_BY_KIND = Object.fromEntries(
  SubscriptionInputSchema.properties.sink.anyOf.map((schema) => [schema.properties.kind.const, schema] as const),
)

/**
 * Converts the sink by the schema of its kind: TypeBox converts nothing in a union when the result does not fit, and
 * the problem must name the expected type.
 */
function withSinkConverted(value: object): object {
  const schema = SINK_BY_KIND[kindOf(value)]
  return schema ? { ...value, sink: Convert(schema, sinkOf(value)) } : value
}

function sinkOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'sink' in value ? value.sink : undefined
}

function kindOf(value: unknown): string {
  const sink = sinkOf(value)
  return typeof sink === 'object' && sink !== null && 'kind' in sink ? String(sink.kind) : ''
}

function memberOf(instancePath: string): string {
  return instancePath.split('/').slice(1).join('.')
}

/** A missing `${NAME}` was reported already. */
function hasUnresolved(value: unknown): boolean {
  if (value === UNRESOLVED) return true
  return typeof value === 'object' && value !== null && Object.values(value).some(hasUnresolved)
}
