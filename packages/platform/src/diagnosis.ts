// Owns: what is wrong with the gateway now and what to do about it, in Chinese and English, for people: from the checks of readiness.
import { type ReadinessCheck, reportReadiness } from './readiness.ts'

export type Diagnosis = { id: string; status: 'ok' | 'warning' | 'problem'; what: string; whatToDo: { zh: string; en: string } | null }

type Advice = { zh: string; en: string }

const ADVICE: ReadonlyArray<[name: RegExp, Advice]> = [
  [/^redis-writes$/, { zh: '检查 Redis 是否运行、REDIS_URL、权限与内存', en: 'See whether Redis runs, REDIS_URL, its rights and its memory' }],
  [/^redis-inboxes$/, { zh: '恢复不可写的主节点', en: 'Bring back the masters that take no writes' }],
  [/^redis-policy$/, { zh: '将 maxmemory-policy 设为 noeviction', en: 'Set maxmemory-policy noeviction' }],
  [/^redis-role$/, { zh: '连接主节点，或设置 REDIS_MODE', en: 'Connect to the master, or set REDIS_MODE' }],
  [/^redis-replicas$/, { zh: '恢复副本', en: 'Bring the replicas back' }],
  [/^redis-persistence$/, { zh: '设置 appendonly yes 与 appendfsync always', en: 'Set appendonly yes and appendfsync always' }],
  [/^clock$/, { zh: '用 NTP 校准各机器时钟', en: 'Set the clocks of all machines by NTP' }],
  [/^ticket-/, { zh: '检查开放平台中的授权事件接收 URL 与入口进程', en: "See the URL for authorization events at WeChat's Open Platform, and the ingress" }],
]
const OTHER: Advice = { zh: '查看运维文档与日志', en: 'See docs/operations.md and the log' }

/** As long as readiness takes; never rejects. */
export async function diagnose(checks: readonly ReadinessCheck[]): Promise<Diagnosis[]> {
  const found = await Promise.all(checks.map(async (check): Promise<Diagnosis> => {
    const [outcome] = (await reportReadiness([{ ...check, warnsOnly: false }])).checks
    if (outcome === undefined || outcome.ok) return { id: check.name, status: 'ok', what: 'ok', whatToDo: null }
    const [, advice = OTHER] = ADVICE.find(([name]) => name.test(check.name)) ?? []
    return { id: check.name, status: check.warnsOnly === true ? 'warning' : 'problem', what: outcome.reason ?? '', whatToDo: advice }
  }))
  return found
}
