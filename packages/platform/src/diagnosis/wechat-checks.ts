// Owns: the checks of the connection to WeChat: it is reachable, our IP address is in its list, quotas are left. Any
// call that would check the address costs quota, so WeChat's latest answers are used instead.
import type { RefusedCall } from '@wxgw/contracts'
import type { PauseReason, RecentEntries } from '@wxgw/redis'
import type { Config } from '@wxgw/runtime'
import { type Clock, probeApi } from '@wxgw/wechat-core'
import type { Platform } from '../platform.ts'
import { atMostEvery, type DiagnosisCheck, type Finding, ok, type Text } from './diagnosis.ts'

const PROBE_TIMEOUT_MS = 2_000
/** One process probes at most this often. */
const PROBE_EVERY_MS = 30_000
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** WeChat's quotas are counted by days of Beijing time. */
const BEIJING_MS = 8 * HOUR_MS
const ADDRESS_REFUSED = new Set([61004, 40164])
const QUOTA_USED_UP = 45009

type Watched = Pick<Platform, 'id' | 'schedule' | 'componentTokens'>
type Deps = {
  wechat: Config['wechat']
  platforms: ReadonlyMap<string, Watched>
  refusedCalls: Pick<RecentEntries<RefusedCall>, 'find'>
  clock: Clock
}

export function wechatChecks({ wechat, platforms, refusedCalls, clock }: Deps): DiagnosisCheck[] {
  const { apiBaseUrl: baseUrl, proxyUrl } = wechat
  const latest = async (platform: string, since: { fromMs: number }, isAsked: (errcode: number) => boolean) => {
    const matches = (call: RefusedCall) => call.platform === platform && isAsked(call.errcode)
    const { items } = await refusedCalls.find({ limit: 1, cursor: undefined, ...since, matches })
    return items[0]
  }

  async function findAddress({ id, schedule, componentTokens }: Watched): Promise<Finding> {
    const since = { fromMs: clock.nowMs() - HOUR_MS }
    const [{ pausedBy, refusedAddress }, call, token] = await Promise.all([
      schedule.figures(),
      latest(id, since, (errcode) => ADDRESS_REFUSED.has(errcode)),
      componentTokens.peek(),
    ])
    if (pausedBy === 'ip-not-allowed' || call) return addressRefused({ address: refusedAddress, call })
    if (pausedBy === 'component-refused') return COMPONENT_REFUSED
    if (token)
      return ok({
        zh: '微信接受了我们的调用：第三方平台令牌有效',
        en: "WeChat takes our calls: the component's token is valid",
      })
    return {
      status: 'warning',
      what: { zh: '未知：两小时内没有成功的调用', en: 'not known: no call has succeeded within two hours' },
      whatToDo: { zh: '先处理票据与网络', en: 'See to the ticket and the network first' },
    }
  }

  async function findQuota({ id, schedule }: Watched): Promise<Finding> {
    const nowMs = clock.nowMs()
    const midnightMs = Math.floor((nowMs + BEIJING_MS) / DAY_MS) * DAY_MS - BEIJING_MS
    const [{ pausedBy }, call] = await Promise.all([
      schedule.figures(),
      latest(id, { fromMs: midnightMs }, (errcode) => errcode === QUOTA_USED_UP),
    ])
    const found = pausedBy === undefined ? undefined : QUOTA[pausedBy]
    if (found) return { status: 'warning', ...found }
    if (!call) return ok({ zh: '今天没有超出额度的调用', en: 'no call has met its limit today' })
    const about = `${call.authorizer ?? 'component'} ${call.path}`
    return {
      status: 'warning',
      what: { zh: `今天额度已用完：${about}`, en: `today's quota is used up: ${about}` },
      whatToDo: {
        zh: '等到北京时间零点，或用 clear_quota 重置（每月 10 次）',
        en: 'Wait for midnight in Beijing, or reset it with clear_quota (ten a month)',
      },
    }
  }

  return [
    {
      id: 'wechat-reachable',
      platform: null,
      title: { zh: '微信接口可达', en: 'WeChat can be reached' },
      find: atMostEvery(PROBE_EVERY_MS, async () => {
        const probe = await probeApi({ baseUrl, proxyUrl, timeoutMs: PROBE_TIMEOUT_MS })
        return probe.reached ? ok({ zh: '微信有应答', en: 'WeChat answers' }) : unreachable(probe.code)
      }),
    },
    ...[...platforms.values()].flatMap((platform) => [
      {
        id: `wechat-address-${platform.id}`,
        platform: platform.id,
        title: { zh: '出口 IP 白名单', en: 'Our address is allowed' },
        find: () => findAddress(platform),
      },
      {
        id: `wechat-quota-${platform.id}`,
        platform: platform.id,
        title: { zh: '接口额度', en: 'Quotas' },
        find: () => findQuota(platform),
      },
    ]),
  ]
}

function unreachable(code: string): Finding {
  return {
    status: 'problem',
    what: { zh: `连不上微信接口：${code}`, en: `WeChat's API cannot be reached: ${code}` },
    whatToDo: {
      zh: '检查 DNS、防火墙、WX_API_BASE_URL 与 WX_API_PROXY_URL',
      en: 'See DNS, the firewall, WX_API_BASE_URL and WX_API_PROXY_URL',
    },
  }
}

function addressRefused({ address, call }: { address: string | undefined; call: RefusedCall | undefined }): Finding {
  const ours = address === undefined ? '' : ` ${address}`
  const by = call ? ` (errcode ${call.errcode}, ${new Date(call.atMs).toISOString()})` : ''
  return {
    status: 'problem',
    what: { zh: `微信拒绝了我们的出口 IP${ours}${by}`, en: `WeChat refuses our address${ours}${by}` },
    whatToDo: {
      zh: `把出口 IP${ours} 加入开放平台的白名单IP地址列表并发布（覆盖现网）；公众号接口（40164）则加入该账号的 IP 白名单`,
      en: `Put the address${ours} into the IP list (白名单IP地址列表) of the Open Platform and publish it; for 40164, into the account's own IP list`,
    },
  }
}

const COMPONENT_REFUSED: Finding = {
  status: 'problem',
  what: { zh: '微信拒绝 api_component_token', en: 'WeChat refuses api_component_token' },
  whatToDo: {
    zh: '核对 WX_COMPONENT_APPID、WX_COMPONENT_APPSECRET 与票据',
    en: 'Compare WX_COMPONENT_APPID, WX_COMPONENT_APPSECRET and the ticket',
  },
}

const QUOTA: Partial<Record<PauseReason, { what: Text; whatToDo: Text }>> = {
  'quota-day': {
    what: { zh: '刷新令牌的当日额度已用完 (45009)', en: "the day's quota of refreshes is used up (45009)" },
    whatToDo: {
      zh: '等到北京时间零点；即将过期的令牌仍会刷新。急用时调用 POST /component/clear_quota',
      en: 'Wait for midnight in Beijing: tokens about to expire are still refreshed. In need, POST /component/clear_quota',
    },
  },
  'quota-minute': {
    what: { zh: '每分钟额度已用完 (45011)', en: "the minute's quota is used up (45011)" },
    whatToDo: { zh: '无需处理：下一分钟继续', en: 'Nothing: it goes on in the next minute' },
  },
}
