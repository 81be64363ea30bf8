// Owns: the dependencies that main.ts passes to both listeners. Each route module declares the ones that it uses.
import type { Clock, StreamedCalls } from '@wxgw/wechat-core'
import type { DiagnosisCheck, ReadinessCheck } from '@wxgw/platform'
import type { ConsoleRecords, EndedSessions } from '@wxgw/redis'
import type { Config, Log, Metrics, SettingsSummary } from '@wxgw/runtime'
import type { MemoryWatermark } from './push/memory-watermark.ts'
import type { PassiveReplies, ReleaseCheck } from './push/passive-answers.ts'
import type { PushIntake } from './push/push-intake.ts'
import type { ServedPlatform } from './served-platform.ts'

export type ServerDeps = {
  config: Pick<
    Config,
    | 'publicListener'
    | 'wechat'
    | 'apiCalls'
    | 'callers'
    | 'sealingKeys'
    | 'authRedirectOrigins'
    | 'authurlRatePerMinute'
    | 'pushMaxSkewSeconds'
  >
  /** By the `:platform` of the routes. */
  platforms: ReadonlyMap<string, ServedPlatform>
  intake: PushIntake
  memory: Pick<MemoryWatermark, 'assertRoomFor'>
  /** True: a push is accepted although the store that knows its account is away. */
  goesOnWithoutStore: boolean
  /** To WeChat's APIs, for callers. */
  calls: StreamedCalls
  log: Log
  metrics?: Metrics | undefined
  readiness: readonly ReadinessCheck[]
  diagnosis: readonly DiagnosisCheck[]
  /** What the diagnosis shows of the settings: no secret in it. */
  settings: SettingsSummary
  clock: Clock
  /** undefined with CONSOLE=off. `siteDir`: where the page was built. */
  console?: { siteDir: string; ended: EndedSessions } | undefined
  /** What the console shows of all ingresses. Without it, nothing is noted. */
  records?: ConsoleRecords | undefined
  /** Of the gateway, for the OpenAPI document. */
  version: string
  /** Without it every push is answered `success`. */
  passiveReplies?: PassiveReplies | undefined
  releaseCheck?: ReleaseCheck | undefined
}
