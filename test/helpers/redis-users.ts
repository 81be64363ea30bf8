// Owns: the Redis users that the pages for readers document, as they stand there.
import type { Redis } from 'ioredis'
import { pages, projectText } from './docs.ts'

export type DocumentedUser = { name: string; rules: string[] }

const LINE = /^ACL SETUSER (\S+) (.+)$/gm
const PASSWORD = 'password-of-a-documented-user'

/** Every `ACL SETUSER` of every page that grants something. */
export function documentedUsers(): DocumentedUser[] {
  const lines = pages().flatMap((page) => [...projectText(page).matchAll(LINE)])
  const users = lines.map(([, name = '', rules = '']) => ({ name, rules: rules.split(' ') }))
  return users.filter(({ name }) => name !== 'default')
}

type Place = { platform?: string; subscription?: string; as?: string }
export type Login = { username: string; password: string }

/** Creates the user, of platform `open1` and subscription `crm` as documented, or of others. Answers how to log in. */
export async function createUser(admin: Redis, { name, rules }: DocumentedUser, options: Place = {}): Promise<Login> {
  const { platform = 'open1', subscription = 'crm', as = name } = options
  const own = rules.map((rule) => {
    if (rule === '>PASSWORD') return `>${PASSWORD}`
    if (!/[~&]/.test(rule)) return rule
    return rule.replaceAll(/open1|crm/g, (part) => (part === 'crm' ? subscription : platform))
  })
  await admin.call('ACL', 'SETUSER', as, ...own)
  return { username: as, password: PASSWORD }
}

/** What Redis refused since the last time, as `user: command`; ACL LOG has it also when it was inside a script. */
export async function denied(admin: Redis): Promise<string[]> {
  const entries = await admin.call('ACL', 'LOG', '200')
  await admin.call('ACL', 'LOG', 'RESET')
  return (Array.isArray(entries) ? entries : []).map((entry: unknown) => {
    const fields = Array.isArray(entry) ? entry.map(String) : []
    const field = (name: string) => fields[fields.indexOf(name) + 1] ?? ''
    return `${field('username')}: ${field('object')}`
  })
}
