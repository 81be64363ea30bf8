// Owns: the check of each platform's component_verify_ticket by its age. Readiness only requires one that WeChat still
// accepts.
import type { Clock } from '@wxgw/wechat-core'
import type { Platform } from '../platform.ts'
import { type DiagnosisCheck, type Finding, ok, type Text } from './diagnosis.ts'

const MINUTE_MS = 60_000
/** WeChat pushes one every 10 minutes, so several were missed. */
const WARNING_MS = 60 * MINUTE_MS
/** A ticket is valid for 12 hours. */
const PROBLEM_MS = 12 * 60 * MINUTE_MS

const WHAT_TO_DO: Text = {
  zh: '检查开放平台中的授权事件接收 URL 与入口进程；微信每 10 分钟推送一次票据',
  en: "See the URL for authorization events at WeChat's Open Platform, and the ingress: WeChat pushes a ticket every 10 minutes",
}

type Watched = Pick<Platform, 'id' | 'tickets'>

export function ticketChecks(platforms: ReadonlyMap<string, Watched>, clock: Clock): DiagnosisCheck[] {
  return [...platforms.values()].map(({ id, tickets }) => ({
    id: `ticket-${id}`,
    platform: id,
    title: { zh: '验证票据 (component_verify_ticket)', en: 'component_verify_ticket' },
    async find(): Promise<Finding> {
      const ticket = await tickets.status()
      if (!ticket) {
        const what = { zh: '微信还没有推送过票据', en: 'WeChat has not pushed one yet' }
        return { status: 'problem', what, whatToDo: WHAT_TO_DO }
      }
      const ageMs = clock.nowMs() - ticket.receivedAtMs
      const minutes = Math.max(0, Math.floor(ageMs / MINUTE_MS))
      const what =
        minutes === 0
          ? { zh: '最近一次推送不到 1 分钟前', en: 'the last one came less than a minute ago' }
          : { zh: `最近一次推送在 ${minutes} 分钟前`, en: `the last one came ${minutes} min ago` }
      if (ageMs < WARNING_MS) return ok(what)
      return { status: ageMs < PROBLEM_MS ? 'warning' : 'problem', what, whatToDo: WHAT_TO_DO }
    },
  }))
}
