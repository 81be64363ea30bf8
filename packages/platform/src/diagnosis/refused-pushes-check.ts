// Owns: the check of the pushes that were refused within the last hour, and what each code means to an operator.
import type { Platform } from '../platform.ts'
import { type DiagnosisCheck, ok, type Text } from './diagnosis.ts'

const OTHER: Text = { zh: '查看 docs/errors.md 与入口日志', en: "See docs/errors.md and the ingress' log" }
const ADVICE: Readonly<Record<string, Text>> = {
  SIGNATURE_MISMATCH: {
    zh: '核对开放平台与 WX_TOKEN；来源不是微信时可以忽略',
    en: 'Compare WX_TOKEN with the Open Platform; from another address than WeChat it is noise',
  },
  MALFORMED_PUSH: {
    zh: '核对开放平台与 WX_ENCODING_AES_KEY',
    en: 'Compare WX_ENCODING_AES_KEY with the Open Platform',
  },
  APPID_MISMATCH: {
    zh: '核对 WX_COMPONENT_APPID；检查是否有其他平台使用了这个地址',
    en: 'Compare WX_COMPONENT_APPID; see whether another platform uses this URL',
  },
  TIMESTAMP_OUT_OF_RANGE: {
    zh: '用 NTP 校准时钟，或增大 PUSH_MAX_SKEW_SECONDS',
    en: 'Set the clock by NTP, or raise PUSH_MAX_SKEW_SECONDS',
  },
  NOT_ENCRYPTED: {
    zh: '在开放平台使用安全模式，并检查代理是否改动了正文',
    en: 'Use the encrypted mode at the Open Platform; see whether a proxy changes the body',
  },
  UNSUPPORTED_MEDIA_TYPE: {
    zh: '检查代理是否改动了 content-type 或 content-encoding',
    en: 'See whether a proxy changes content-type or content-encoding',
  },
  STORE_UNAVAILABLE: { zh: '先处理 Redis：微信会重推', en: 'See to Redis first: WeChat pushes again' },
}

type Watched = Pick<Platform, 'id' | 'statistics'>

export function refusedPushesChecks(platforms: ReadonlyMap<string, Watched>): DiagnosisCheck[] {
  return [...platforms.values()].map(({ id, statistics }) => ({
    id: `refused-pushes-${id}`,
    platform: id,
    title: { zh: '被拒绝的推送', en: 'Refused pushes' },
    async find() {
      const lately = (await statistics.refusedPushes()).filter(({ count1h }) => count1h > 0)
      if (lately.length === 0) return ok({ zh: '最近一小时没有拒绝推送', en: 'none within the last hour' })
      const counts = lately.map(({ code, count1h, lastAddress }) => `${code} × ${count1h} (${lastAddress})`).join(', ')
      const advice = [...new Set(lately.map(({ code }) => ADVICE[code] ?? OTHER))]
      return {
        status: 'warning' as const,
        what: { zh: `最近一小时：${counts}`, en: `within the last hour: ${counts}` },
        whatToDo: { zh: advice.map(({ zh }) => zh).join('。'), en: advice.map(({ en }) => en).join('. ') },
      }
    },
  }))
}
