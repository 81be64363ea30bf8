// Owns: the reasons of readiness checks in Chinese. The checks answer in English, which /readyz shows. A reason without
// a translation here stays in English.

type Reason = { form: RegExp; zh(...parts: string[]): string }

/** `$1` in `zh` is the first group of `form`, and so on. */
function reason(form: RegExp, zh: string): Reason {
  return { form, zh: (...parts) => zh.replaceAll(/\$(\d)/g, (_, digit: string) => parts[Number(digit) - 1] ?? '') }
}

const OF_CHECKS: readonly Reason[] = [
  reason(/^Redis cannot be reached$/, '连不上 Redis'),
  reason(/^maxmemory-policy is (\S+), not noeviction$/, 'maxmemory-policy 是 $1，应为 noeviction'),
  reason(/^Redis is a replica, not the master$/, '连接的 Redis 是副本，不是主节点'),
  reason(
    /^(\d+) of (\d+) inboxes take no writes and are passed over: (.+)$/,
    '$2 个收件分片中有 $1 个不可写，已跳过：$3',
  ),
  reason(/^the clock is (\d+) s away from Redis' clock$/, '本进程的时钟与 Redis 相差 $1 秒'),
  reason(/^appendonly is no: .+$/, 'appendonly 为 no：Redis 崩溃会丢失已确认的数据'),
  reason(/^appendfsync is (\S+): .+$/, 'appendfsync 为 $1：断电会丢失最后确认的数据'),
  reason(
    /^BullMQ (\S+) is installed, our scripts write the format of (\S+): .+$/,
    '安装的是 BullMQ $1，脚本按 $2 的格式写入：事件进入下游队列会变慢',
  ),
  reason(
    /^ioredis (\S+) is installed, our time-outs are made for (\S+): .+$/,
    '安装的是 ioredis $1，超时按 $2 实现：进程停顿之后命令会失败',
  ),
  reason(
    /^events come for platform (\S+), and it has no enabled subscription: .+$/,
    '平台 $1 有事件到来，但没有启用的订阅，没有人收到',
  ),
  reason(
    /^the master (\S+) has (\d+) replicas, and REDIS_MIN_REPLICAS is (\d+): .+$/,
    '主节点 $1 只有 $2 个副本，少于 REDIS_MIN_REPLICAS 的 $3：补足之前拒绝推送',
  ),
  reason(/^INFO is forbidden, .+$/, 'Redis 不允许 INFO，无法确认副本：允许它，或把 REDIS_MIN_REPLICAS 设为 0'),
  reason(
    /^MESSAGE_SHARDS and SEALING_KEYS are not checked against Redis yet, .+$/,
    'MESSAGE_SHARDS 与 SEALING_KEYS 尚未与 Redis 中的值核对，核对之前拒绝相关请求',
  ),
  reason(/^pushes are refused: .+$/, '副本没有确认写入，推送被拒绝'),
  reason(/^no answer within (\d+) ms$/, '$1 毫秒内没有应答'),
  reason(/^the check failed$/, '检查没有完成'),
]

/** The problems of Redis that packages/redis/src/problems reports. */
const OF_REDIS: readonly Reason[] = [
  reason(/refuses the user name or the password/, '用户名或密码不对，核对 REDIS_URL'),
  reason(
    /the sentinel refuses the password/,
    '哨兵拒绝了密码，核对 REDIS_SENTINEL_USERNAME 与 REDIS_SENTINEL_PASSWORD',
  ),
  reason(/wants a password/, 'Redis 需要密码，写进 REDIS_URL'),
  reason(/has reached maxmemory/, '内存已达 maxmemory：扩大内存，或查明增长原因'),
  reason(/is a replica/, '连接的是副本：连接主节点，或用 REDIS_MODE=sentinel、cluster'),
  reason(/cannot write its RDB file or AOF/, 'Redis 无法写 RDB 或 AOF：检查磁盘与 Redis 日志'),
  reason(/is loading its data/, 'Redis 正在加载数据，等待完成'),
  reason(/busy with a script/, 'Redis 正在执行一个不结束的脚本：在服务器上 SCRIPT KILL'),
  reason(/fewer replicas than min-replicas-to-write/, '副本少于 min-replicas-to-write：恢复副本'),
  reason(
    /does not serve the slot|slots of the cluster|cluster says that it is down/,
    '集群有槽位没有可用的主节点：查看 CLUSTER INFO',
  ),
  reason(/is moving the slot/, '集群正在迁移槽位，会自动重试'),
  reason(/set REDIS_MODE=(\w+)/, '部署形式不符：设置 REDIS_MODE=$1'),
  reason(/nothing listens at this address/, '该地址没有服务在监听：Redis 是否运行，REDIS_URL 是否正确'),
  reason(/host name cannot be resolved/, '主机名无法解析：核对 REDIS_URL 与 DNS'),
  reason(/(?:host|network) cannot be reached/, '主机不可达：检查路由、防火墙与 REDIS_URL'),
  reason(/does not answer in time|servers do not answer/, 'Redis 没有及时应答'),
  reason(/closed the connection|connection was lost/, '连接被 Redis 断开'),
  reason(/does not speak TLS/, '对方不支持 TLS：REDIS_URL 用 redis:'),
  reason(/speaks TLS/, '对方要求 TLS：REDIS_URL 用 rediss:'),
  reason(
    /certificate|TLS handshake/,
    'TLS 证书不被接受：检查 REDIS_TLS_CA_FILE、REDIS_TLS_CERT_FILE、REDIS_TLS_KEY_FILE 与有效期',
  ),
  reason(/has no right to|give it the rights/, 'Redis 用户缺少权限：按 SECURITY.md 配置'),
  reason(/knows no master of the name/, '哨兵不认识 REDIS_SENTINEL_NAME 指定的主节点'),
]

const NO_WRITES = /^Redis cannot be reached or takes no writes: (.+)$/s
/** A reason may begin with the server's address. */
const ENDPOINT = /^\S+:\d+: /

export function reasonInChinese(english: string): string {
  const [, why] = NO_WRITES.exec(english) ?? []
  if (why !== undefined) {
    const [endpoint = ''] = ENDPOINT.exec(why) ?? []
    return `连不上 Redis，或不接受写入：${endpoint}${translated(OF_REDIS, why.slice(endpoint.length))}`
  }
  return translated(OF_CHECKS, english)
}

function translated(known: readonly Reason[], english: string): string {
  for (const { form, zh } of known) {
    const match = form.exec(english)
    if (match) return zh(...match.slice(1))
  }
  return english
}
