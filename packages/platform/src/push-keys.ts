// Owns: what the pushes of one configured platform are opened with.
import type { PlatformConfig } from '@wxgw/runtime'
import { decodeEncodingAesKey, type PushKeys } from '@wxgw/wechat-core'

/** Those of before a rotation come second. */
export function pushKeys(platform: PlatformConfig): PushKeys {
  const keys = [platform.encodingAesKey, platform.previousEncodingAesKey].flatMap((key) => key ?? [])
  return {
    componentAppId: platform.componentAppId,
    tokens: [platform.token, platform.previousToken].flatMap((token) => token ?? []),
    aesKeys: keys.map((key) => {
      const decoded = decodeEncodingAesKey(key.reveal())
      if (!decoded) throw new Error(`the EncodingAESKey of platform ${platform.id} is not one`)
      return decoded
    }),
  }
}
