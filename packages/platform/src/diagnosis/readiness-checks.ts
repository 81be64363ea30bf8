// Owns: the checks of readiness as parts of the diagnosis, with titles and advice in both languages. Tickets have their
// own check (ticket-checks.ts).
import { type ReadinessCheck, reportReadiness } from '../readiness.ts'
import { type DiagnosisCheck, ok, type Text } from './diagnosis.ts'
import { reasonInChinese } from './reasons-in-chinese.ts'

type Known = { name: RegExp; title: Text; whatToDo: Text }

const KNOWN: readonly Known[] = [
  {
    name: /^redis-writes$/,
    title: { zh: 'Redis 写入', en: 'Redis takes writes' },
    whatToDo: {
      zh: '检查 Redis 是否运行、REDIS_URL、权限与内存',
      en: 'See whether Redis runs, REDIS_URL, its rights and its memory',
    },
  },
  {
    name: /^redis-inboxes$/,
    title: { zh: 'Redis 各收件分片', en: 'Redis inboxes' },
    whatToDo: { zh: '恢复不可写的主节点', en: 'Bring back the masters that take no writes' },
  },
  {
    name: /^redis-policy$/,
    title: { zh: 'Redis 淘汰策略', en: 'Redis eviction policy' },
    whatToDo: { zh: '将 maxmemory-policy 设为 noeviction', en: 'Set maxmemory-policy noeviction' },
  },
  {
    name: /^redis-role$/,
    title: { zh: 'Redis 主从角色', en: 'Redis role' },
    whatToDo: { zh: '连接主节点，或设置 REDIS_MODE', en: 'Connect to the master, or set REDIS_MODE' },
  },
  {
    name: /^redis-replicas$/,
    title: { zh: 'Redis 副本', en: 'Redis replicas' },
    whatToDo: { zh: '恢复副本，或减小 REDIS_MIN_REPLICAS', en: 'Bring the replicas back, or lower REDIS_MIN_REPLICAS' },
  },
  {
    name: /^redis-persistence$/,
    title: { zh: 'Redis 持久化', en: 'Redis persistence' },
    whatToDo: { zh: '设置 appendonly yes 与 appendfsync always', en: 'Set appendonly yes and appendfsync always' },
  },
  {
    name: /^clock$/,
    title: { zh: '时钟', en: 'Clock' },
    whatToDo: { zh: '用 NTP 校准各机器时钟', en: 'Set the clocks of all machines by NTP' },
  },
  {
    name: /^bullmq$/,
    title: { zh: 'BullMQ 版本', en: 'BullMQ version' },
    whatToDo: { zh: '按锁文件重新安装依赖', en: 'Install the dependencies by the lockfile' },
  },
  {
    name: /^ioredis$/,
    title: { zh: 'ioredis 版本', en: 'ioredis version' },
    whatToDo: { zh: '按锁文件重新安装依赖', en: 'Install the dependencies by the lockfile' },
  },
  {
    name: /^subscriptions-/,
    title: { zh: '事件有人接收', en: 'Events reach somebody' },
    whatToDo: { zh: '新建或启用一个订阅', en: 'Make or enable a subscription' },
  },
]

const PLATFORM_OF = /^subscriptions-(.+)$/

export function readinessChecks(checks: readonly ReadinessCheck[]): DiagnosisCheck[] {
  return checks
    .filter(({ name }) => !name.startsWith('ticket-'))
    .map((check) => {
      const known = KNOWN.find(({ name }) => name.test(check.name))
      return {
        id: check.name,
        platform: PLATFORM_OF.exec(check.name)?.[1] ?? null,
        title: known?.title ?? { zh: check.name, en: check.name },
        async find() {
          const {
            checks: [outcome],
          } = await reportReadiness([{ ...check, warnsOnly: false }])
          if (outcome?.ok !== false) return ok({ zh: '正常', en: 'ok' })
          const { reason = '' } = outcome
          return {
            status: check.warnsOnly === true ? 'warning' : 'problem',
            what: { zh: reasonInChinese(reason), en: reason },
            whatToDo: known?.whatToDo ?? { zh: '查看运维文档与日志', en: 'See docs/operations.md and the log' },
          }
        },
      }
    })
}
