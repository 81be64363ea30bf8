// Owns: formatting and parsing a stored replay.

export type ReplayStatus = 'running' | 'paused' | 'completed' | 'cancelled'

/** Which deliveries to replay. Both bounds are inclusive and compared with the time of arrival. */
export type ReplayRange = {
  fromMs: number
  toMs: number
  types?: readonly string[] | undefined
  authorizers?: readonly string[] | undefined
  /** The user that the event is about. */
  subject?: string | undefined
  /** Only deliveries that are pending or dead, or were never made. */
  onlyUndelivered: boolean
}

export type Replay = {
  id: string
  subscription: string
  /** When its subscription was created: a newer subscription with the same name gets no deliveries of it. */
  subscribedAtMs: number
  createdAtMs: number
  endedAtMs: number | undefined
  status: ReplayStatus
  /** When the replay is completed, `delivered` + `failed`. */
  matched: number
  delivered: number
  failed: number
  fromMs: number
  toMs: number
  onlyUndelivered: boolean
  ratePerSecond: number
}

const STATUSES: readonly ReplayStatus[] = ['running', 'paused', 'completed', 'cancelled']

/** Fields and values for HSET. */
export function formatReplay(replay: Omit<Replay, 'id' | 'endedAtMs' | 'matched'>): Array<string | number> {
  const {
    subscription,
    subscribedAtMs,
    createdAtMs,
    status,
    delivered,
    failed,
    fromMs,
    toMs,
    onlyUndelivered,
    ratePerSecond,
  } = replay
  const fields = { subscription, subscribedAtMs, createdAtMs, status, delivered, failed, fromMs, toMs, ratePerSecond }
  return [...Object.entries(fields).flat(), 'onlyUndelivered', onlyUndelivered ? '1' : '0']
}

/** undefined when there is no such replay. */
export function parseReplay(id: string, fields: Readonly<Record<string, string>>): Replay | undefined {
  const status = STATUSES.find((known) => known === fields['status'])
  const { subscription } = fields
  if (status === undefined || subscription === undefined) return undefined
  const number = (name: string) => Number(fields[name] ?? 0)
  return {
    id,
    subscription,
    subscribedAtMs: number('subscribedAtMs'),
    createdAtMs: number('createdAtMs'),
    endedAtMs: fields['endedAtMs'] === undefined ? undefined : number('endedAtMs'),
    status,
    matched: number('matched'),
    delivered: number('delivered'),
    failed: number('failed'),
    fromMs: number('fromMs'),
    toMs: number('toMs'),
    onlyUndelivered: fields['onlyUndelivered'] === '1',
    ratePerSecond: number('ratePerSecond'),
  }
}

/** One delivery of a replay: an event of the log, or a dead letter by the id of its job. Ids have no blank. */
export type ReplayItem = { eventId: string } & ({ shard: number } | { deadJobId: string })

export function formatItem(item: ReplayItem): string {
  return 'shard' in item ? `${item.eventId} ${item.shard}` : `${item.eventId} d ${item.deadJobId}`
}

export function parseItem(member: string): ReplayItem {
  const [eventId = '', shard, deadJobId] = member.split(' ')
  return deadJobId === undefined ? { eventId, shard: Number(shard) } : { eventId, deadJobId }
}
