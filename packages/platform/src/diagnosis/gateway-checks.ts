// Owns: the checks of the gateway itself: live workers, sealing keys in use, warnings about settings.
import { aliveWorkers, platformKeys, type RedisConnection, sealingKeysInUse } from '@wxgw/redis'
import type { Config } from '@wxgw/runtime'
import { type DiagnosisCheck, type Finding, ok } from './diagnosis.ts'

type Deps = { redis: RedisConnection; config: Pick<Config, 'platforms' | 'sealingKeys' | 'warnings'> }

export function gatewayChecks({ redis, config }: Deps): DiagnosisCheck[] {
  const { platforms, sealingKeys, warnings } = config
  const configured = sealingKeys.map(({ id }) => id)
  return [
    { id: 'workers', platform: null, title: { zh: '工作进程', en: 'Workers' }, find: () => findWorkers(redis) },
    ...platforms.map(({ id }) => ({
      id: `sealing-keys-${id}`,
      platform: id,
      title: { zh: '加密密钥 (SEALING_KEYS)', en: 'SEALING_KEYS' },
      find: () => findSealingKeys({ redis, platform: id, configured }),
    })),
    { id: 'settings', platform: null, title: { zh: '设置', en: 'Settings' }, find: async () => findSettings(warnings) },
  ]
}

async function findWorkers(redis: RedisConnection): Promise<Finding> {
  const workers = await aliveWorkers(redis)
  if (workers.length > 0)
    return ok({
      zh: `${workers.length} 个工作进程在运行`,
      en: workers.length === 1 ? '1 worker runs' : `${workers.length} workers run`,
    })
  return {
    status: 'problem',
    what: {
      zh: '没有工作进程：推送已接收，但没有事件被投递，令牌也不会按计划刷新',
      en: 'no worker runs: pushes are taken, but no event is delivered and no token is refreshed by schedule',
    },
    whatToDo: { zh: '启动 npm run start:worker，并查看其日志', en: 'Start npm run start:worker, and see its log' },
  }
}

type AskedKeys = { redis: RedisConnection; platform: string; configured: readonly string[] }

async function findSealingKeys({ redis, platform, configured }: AskedKeys): Promise<Finding> {
  const { ids, unsealed } = await sealingKeysInUse(redis, platformKeys(platform))
  const [sealing] = configured
  const unknown = ids.filter((id) => !configured.includes(id))
  const older = ids.filter((id) => id !== sealing && configured.includes(id))
  const named = { inUse: ids.join(', ') || '–', configured: configured.join(', ') || '–' }
  const what = {
    zh: `使用中：${named.inUse}；已配置：${named.configured}${unsealed ? '；有未加密的数据' : ''}`,
    en: `in use: ${named.inUse}; configured: ${named.configured}${unsealed ? '; some data is not sealed' : ''}`,
  }
  if (unknown.length > 0) {
    return {
      status: 'problem',
      what,
      whatToDo: {
        zh: `把 ${unknown.join(', ')} 加回 SEALING_KEYS：否则对应的数据无法打开`,
        en: `Put ${unknown.join(', ')} back into SEALING_KEYS: nothing else opens what it has sealed`,
      },
    }
  }
  if (sealing === undefined) {
    return {
      status: 'warning',
      what,
      whatToDo: { zh: '设置 SEALING_KEYS，去掉 ALLOW_UNSEALED', en: 'Set SEALING_KEYS, and take ALLOW_UNSEALED out' },
    }
  }
  if (older.length === 0 && !unsealed) return ok(what)
  const whatToDo = {
    zh: '运行 npm run wxgw -- rotate-keys，完成后再移除旧密钥',
    en: 'Run npm run wxgw -- rotate-keys; take older keys out after it',
  }
  return { status: 'warning', what, whatToDo }
}

function findSettings(warnings: Config['warnings']): Finding {
  if (warnings.length === 0) return ok({ zh: '没有可疑的设置', en: 'nothing is doubtful' })
  const names = [...new Set(warnings.map(({ setting }) => setting))].join(', ')
  const what = {
    zh: `可疑的设置：${names}（原因见日志 process.settings-doubtful）`,
    en: warnings.map(({ setting, problem }) => `${setting}: ${problem}`).join('; '),
  }
  return {
    status: 'warning',
    what,
    whatToDo: { zh: '核对 docs/configuration.md', en: 'Compare docs/configuration.md' },
  }
}
