// Owns: checks of a subscription that its schema cannot express, and its defaults.
import {
  DEFAULT_DISABLE_AFTER_SECONDS,
  DEFAULT_MAX_BACKLOG,
  DEFAULT_ORDERING_TIMEOUT_SECONDS,
  DEFAULT_RETRY_SCHEDULE_SECONDS,
  DEFAULT_STREAM_MAX_LENGTH,
  DEFAULT_WEBHOOK_TIMEOUT_MS,
  isWebhookSecret,
  type Sink,
  type Subscription,
  SUBSCRIPTION_NAME_PATTERN,
  type SubscriptionInput,
} from '@wxgw/contracts'
import { GatewayError } from '@wxgw/wechat-core'
import { QUEUE_PREFIX, sinkQueue, sinkStream } from '../keys.ts'
import { oldNames } from '../old-names/old-names.ts'

/** A fixed text with the problem of a URL; undefined when the URL may be called. */
export type CheckWebhookUrl = (url: string) => string | undefined

type CheckedInput = Omit<Subscription, 'declared' | 'createdAtMs' | 'updatedAtMs'>

const NAME = new RegExp(SUBSCRIPTION_NAME_PATTERN)

export function isSubscriptionName(name: string): boolean {
  return NAME.test(name)
}

/**
 * Throws INVALID_REQUEST with the member's name, never its value. Reads nothing from Redis. The sink gets the name of a
 * new queue or stream. A given name that this subscription can never have had is refused; `keepName` checks the others.
 */
export function checkInput(
  { platform, checkWebhookUrl }: { platform: string; checkWebhookUrl: CheckWebhookUrl },
  name: string,
  input: SubscriptionInput,
): CheckedInput {
  if (!isSubscriptionName(name)) throw invalid('the name of the subscription is not valid')
  if (input.name !== undefined && input.name !== name) throw invalid('name differs from the one in the path')
  return {
    name,
    platform,
    match: {
      authorizers: distinct(input.match?.authorizers),
      types: distinct(input.match?.types),
      data: input.match?.data,
    },
    sink: checkSink({ platform, checkWebhookUrl }, name, input.sink),
    retry: { scheduleSeconds: input.retry?.scheduleSeconds ?? DEFAULT_RETRY_SCHEDULE_SECONDS },
    reply: input.reply ?? false,
    fallback: input.fallback ?? null,
    ordering: input.ordering ?? 'none',
    orderingTimeoutSeconds: input.orderingTimeoutSeconds ?? DEFAULT_ORDERING_TIMEOUT_SECONDS,
    throttle: input.throttle ?? null,
    maxBacklog: input.maxBacklog ?? DEFAULT_MAX_BACKLOG,
    disableAfterSeconds: input.disableAfterSeconds ?? DEFAULT_DISABLE_AFTER_SECONDS,
    enabled: input.enabled ?? true,
    paused: input.paused ?? false,
  }
}

function checkSink(
  { platform, checkWebhookUrl }: { platform: string; checkWebhookUrl: CheckWebhookUrl },
  name: string,
  sink: SubscriptionInput['sink'],
): Sink {
  switch (sink.kind) {
    case 'queue': {
      if (sink.prefix !== undefined && sink.prefix !== QUEUE_PREFIX)
        throw invalid(`sink.prefix can only be ${QUEUE_PREFIX}`)
      const queue = sinkQueue(platform, name)
      refuseOtherName('sink.queue', sink.queue, [queue, oldNames(platform, []).sinkQueue(name)])
      return { kind: 'queue', queue }
    }
    case 'stream':
      const stream = sinkStream(platform, name)
      refuseOtherName('sink.stream', sink.stream, [stream, oldNames(platform, []).sinkStream(name)])
      return { kind: 'stream', stream, maxLength: sink.maxLength }
    case 'webhook': {
      const problem = checkWebhookUrl(sink.url)
      if (problem !== undefined)
        throw invalid(`sink.url is refused: ${problem}; WEBHOOK_ALLOW_NETWORKS can allow a network inside`)
      if (sink.secret !== undefined && !isWebhookSecret(sink.secret)) {
        throw invalid('sink.secret must be whsec_ and the base64 of 24 to 64 bytes')
      }
      return { kind: 'webhook', url: sink.url, timeoutMs: sink.timeoutMs ?? DEFAULT_WEBHOOK_TIMEOUT_MS }
    }
    default:
      return neverHappens(sink)
  }
}

/**
 * Keeps the name of an existing queue or stream, which is in its record, because its consumer reads there. Throws
 * INVALID_REQUEST when another name is given.
 */
export function keepName(
  sink: Sink,
  { given, known }: { given: SubscriptionInput['sink']; known: Sink | undefined },
): Sink {
  if (sink.kind === 'queue') {
    const queue = known?.kind === 'queue' ? known.queue : sink.queue
    if (given.kind === 'queue') refuseOtherName('sink.queue', given.queue, [queue])
    return { ...sink, queue }
  }
  if (sink.kind === 'stream') {
    const stream = known?.kind === 'stream' ? known.stream : sink.stream
    if (given.kind === 'stream') refuseOtherName('sink.stream', given.stream, [stream])
    // An existing stream without a bound stays unbounded: a consumer may rely on it.
    const isUnbounded = known?.kind === 'stream' && known.maxLength === undefined
    return { ...sink, stream, maxLength: sink.maxLength ?? (isUnbounded ? undefined : DEFAULT_STREAM_MAX_LENGTH) }
  }
  return sink
}

function refuseOtherName(member: string, given: string | undefined, possible: readonly string[]): void {
  if (given !== undefined && !possible.includes(given)) throw invalid(`${member} is given by the gateway: leave it out`)
}

function distinct(list: readonly string[] | undefined): string[] | undefined {
  return list && [...new Set(list)]
}

function neverHappens(_sink: never): never {
  throw invalid('sink.kind is not known')
}

function invalid(message: string): GatewayError {
  return new GatewayError('INVALID_REQUEST', message)
}
