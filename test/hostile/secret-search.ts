// Owns: finding a secret wherever it may hide: in any form it may be written in, in every value of Redis, in every command that changed it.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Redis } from 'ioredis'

export type NamedSecret = { name: string; value: string }
export type Sighting = { secret: string; place: string }

/** Names of the secrets that stand in `text`: as they are, percent-encoded, as base64 or hex, or as JSON writes them. */
export function secretsIn(text: string, secrets: readonly NamedSecret[]): string[] {
  return secrets.filter(({ value }) => formsOf(value).some((form) => text.includes(form))).map(({ name }) => name)
}

const knownForms = new Map<string, string[]>()

/** Looked for in thousands of texts: made once. */
function formsOf(value: string): string[] {
  const known = knownForms.get(value)
  if (known !== undefined) return known
  const bytes = Buffer.from(value)
  // Without the last characters, which depend on what follows; further into a longer text, base64 has two more alignments.
  const aligned = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .slice(shift === 0 ? 0 : 4)
      .replace(/=+$/, '')
      .slice(0, -1),
  )
  const inUrl = aligned.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))
  const forms = [
    ...new Set([
      value,
      encodeURIComponent(value),
      JSON.stringify(value).slice(1, -1),
      bytes.toString('hex'),
      ...aligned,
      ...inUrl,
    ]),
  ]
  knownForms.set(value, forms)
  return forms
}

/** Every key with its value as text, whatever its type. */
export async function dumpRedis(redis: Redis): Promise<Array<{ key: string; text: string }>> {
  const keys: string[] = []
  for await (const page of redis.scanStream({ count: 1000 })) keys.push(...(page as string[]))
  return Promise.all([...new Set(keys)].map(async (key) => ({ key, text: JSON.stringify(await valueOf(redis, key)) })))
}

async function valueOf(redis: Redis, key: string): Promise<unknown> {
  const type = await redis.type(key)
  switch (type) {
    case 'string':
      return redis.get(key)
    case 'hash':
      return redis.hgetall(key)
    case 'list':
      return redis.lrange(key, 0, -1)
    case 'set':
      return redis.smembers(key)
    case 'zset':
      return redis.zrangebyscore(key, '-inf', '+inf', 'WITHSCORES')
    case 'stream':
      return redis.xrange(key, '-', '+')
    case 'none':
      return null
    default:
      throw new Error(`a key of type ${type} is not dumped`)
  }
}

/** Every command in the append-only file: what ever stood in Redis, also for a moment. */
export async function commandsEverWritten(redis: Redis): Promise<string[][]> {
  const [, dir = ''] = await redis.config('GET', 'dir')
  const [, name = ''] = await redis.config('GET', 'appenddirname')
  const folder = join(dir, name)
  const files = (await readdir(folder)).filter((file) => file.endsWith('.aof'))
  const commands: string[][] = []
  for (const file of files) commands.push(...parseCommands(await readFile(join(folder, file))))
  return commands
}

function parseCommands(bytes: Buffer): string[][] {
  const commands: string[][] = []
  let at = 0
  const line = (): string => {
    const end = bytes.indexOf('\r\n', at)
    const text = bytes.toString('latin1', at, end)
    at = end + 2
    return text
  }
  while (at < bytes.length) {
    const head = line()
    // `#TS:` and the like are annotations.
    if (!head.startsWith('*')) continue
    const command: string[] = []
    for (let left = Number(head.slice(1)); left > 0; left -= 1) {
      const length = Number(line().slice(1))
      command.push(bytes.toString('utf8', at, at + length))
      at += length + 2
    }
    commands.push(command)
  }
  return commands
}
