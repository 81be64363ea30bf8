// Owns: the tokens and keys that open the pushes of one configured platform.
import type { PlatformConfig } from '@wxgw/runtime'
import { decodeEncodingAesKey, type PushKeys } from '@wxgw/wechat-core'

/** The current ones first, then the previous ones of a rotation. */
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
