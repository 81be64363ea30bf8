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
    | 'messageShards'
  >
  /** By the `:platform` of the routes. */
  platforms: ReadonlyMap<string, ServedPlatform>
  intake: PushIntake
  memory: Pick<MemoryWatermark, 'assertRoomFor'>
  /** True: accepts a push while the store of the accounts is unavailable. */
  goesOnWithoutStore: boolean
  /** Calls of WeChat's APIs for callers. */
  calls: StreamedCalls
  log: Log
  metrics?: Metrics | undefined
  readiness: readonly ReadinessCheck[]
  diagnosis: readonly DiagnosisCheck[]
  /** The settings that the diagnosis shows, without secrets. */
  settings: SettingsSummary
  clock: Clock
  /** undefined with CONSOLE=off. `siteDir`: where the page was built. */
  console?: { siteDir: string; ended: EndedSessions } | undefined
  /** The records of all ingresses that the console shows. undefined: nothing is recorded. */
  records?: ConsoleRecords | undefined
  /** The gateway's version, for the OpenAPI document. */
  version: string
  /** Without it every push is answered `success`. */
  passiveReplies?: PassiveReplies | undefined
  releaseCheck?: ReleaseCheck | undefined
}
