// Owns: one configured platform, from WX_* or from CONFIG_FILE.
import type { ComponentAppId, Secret } from '@wxgw/wechat-core'

export type PlatformConfig = {
  /** The `:platform` of the routes, `^[a-z0-9][a-z0-9-]{0,31}$`. */
  id: string
  componentAppId: ComponentAppId
  componentAppSecret: Secret
  token: Secret
  encodingAesKey: Secret
  previousToken: Secret | undefined
  previousEncodingAesKey: Secret | undefined
  /** Whether events are recorded for /events and replays. False keeps message texts out of Redis' event log. */
  eventLog: boolean
}
