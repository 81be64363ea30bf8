// Owns: the list of scenarios, in the order in which they run, and which of them are in `npm test`.
import type { Scenario } from '../scenario.ts'
import { backlog } from './backlog.ts'
import { clockOff, ingressKilled, rollingRestart, workerFrozen, workerKilled } from './killed-processes.ts'
import { LIVE_STREAMS } from './live-stream.ts'
import { ORDERINGS } from './ordering.ts'
import {
  ingressBlackHole,
  redisSlow,
  repliesLost,
  startWithoutRedis,
  wechatBlackHole,
  workerBlackHole,
} from './network-faults.ts'
import {
  powerCut,
  redisDown,
  redisEmptied,
  redisFrozen,
  redisFull,
  redisKilled,
  redisMisconf,
  redisReadonly,
} from './redis-faults.ts'
import { REDIS_FORMS } from './redis-forms.ts'
import { REPLAYS } from './replays.ts'
import { spoolFrozen, spoolKilled } from './spool.ts'
import { wechatFaults } from './wechat-faults.ts'

export const SCENARIOS: readonly Scenario[] = [
  startWithoutRedis,
  ingressKilled,
  workerKilled,
  rollingRestart,
  workerFrozen,
  clockOff,
  redisKilled,
  redisDown,
  redisFrozen,
  redisFull,
  redisReadonly,
  redisMisconf,
  redisEmptied,
  powerCut,
  ingressBlackHole,
  workerBlackHole,
  wechatBlackHole,
  repliesLost,
  redisSlow,
  wechatFaults,
  spoolKilled,
  spoolFrozen,
  backlog,
  ...ORDERINGS,
  ...LIVE_STREAMS,
  ...REPLAYS,
  ...REDIS_FORMS,
]
