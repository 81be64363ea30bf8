// Owns: what the stories of the examples share: one gateway, one account, one language at a time.
import { textOf } from '@wxgw/simulator'
import { Redis } from 'ioredis'
import { codeBlocks, projectText } from '../helpers/docs.ts'
import type { Gateway } from '../helpers/gateway.ts'
import type { Language } from './programs.ts'

export const APP = 'wx00000000000000ac'

export type Stage = {
  gateway: Gateway
  /** Where compiled programs are. */
  folder: string
  language: Language
}

/** What the user who writes `content` reads at once; undefined when nothing. */
export async function answerTo({ gateway: { simulator } }: Stage, content: string): Promise<string | undefined> {
  const { reply } = await simulator.sendText(APP, { openId: 'oUSER', content })
  return reply && textOf(reply.fields, 'Content')
}

/**
 * Makes the user that docs/redis-keys.md has under this name, for `subscription` instead of crm. Answers how a program becomes
 * this user.
 */
export async function createConsumer(
  { gateway: { redis } }: Pick<Stage, 'gateway'>,
  user: string,
  subscription = 'crm',
) {
  const rule = codeBlocks(projectText('docs/redis-keys.md'), '').find((block) =>
    block.startsWith(`ACL SETUSER ${user} `),
  )
  if (rule === undefined) throw new Error(`docs/redis-keys.md has no user ${user}`)
  const [command = '', ...parts] = rule.trim().replaceAll('open1.crm', `open1.${subscription}`).split(/\s+/)
  const administrator = new Redis(redis.url)
  await administrator.call(command, ...parts)
  administrator.disconnect()
  return { REDIS_URL: redis.url.replace('://', `://${user}:PASSWORD@`) }
}
