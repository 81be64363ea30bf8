// Owns: the Redis users that the pages for readers document, as they stand there.
import type { Redis } from 'ioredis'
import { pages, projectText } from './docs.ts'

export type DocumentedUser = { name: string; rules: string[] }

const LINE = /^ACL SETUSER (\S+) (.+)$/gm
const PASSWORD = 'password-of-a-documented-user'
/** Not of the gateway: the one that everybody is at first, and the operator's, who may do everything. */
const OF_THE_OPERATOR = ['default', 'admin']
/** What a form of Redis needs besides. */
const PAGE_OF_FORMS = 'docs/redis.md'

/** Of the gateway, its readers and its consumers, for one server or for the nodes of a cluster. */
export function documentedUsers(form: 'one server' | 'cluster' = 'one server'): DocumentedUser[] {
  const users = pages()
    .filter((page) => page !== PAGE_OF_FORMS)
    .flatMap(linesOf)
    .filter(({ name }) => !OF_THE_OPERATOR.includes(name))
  if (form === 'one server') return users
  const additions = linesOf(PAGE_OF_FORMS).filter((line) => !isWhole(line))
  return users.map(({ name, rules }) => ({
    name,
    rules: [...rules, ...additions.filter((line) => line.name === name).flatMap((line) => line.rules)],
  }))
}

/** Of replicas, sentinels and those who ask the sentinels. */
export function usersOfRedis(): DocumentedUser[] {
  return linesOf(PAGE_OF_FORMS).filter(isWhole)
}

function linesOf(page: string): DocumentedUser[] {
  return [...projectText(page).matchAll(LINE)].map(([, name = '', rules = '']) => ({ name, rules: rules.split(' ') }))
}

/** Others add to a user that is there. */
function isWhole({ rules }: DocumentedUser): boolean {
  return rules.includes('reset')
}

type Place = { platform?: string; subscription?: string; as?: string }
export type Login = { username: string; password: string }

/** How to log in as one of them, where it was made by the functions below. */
export function loginOf(name: string): Login {
  return { username: name, password: PASSWORD }
}

/** Creates the user, of platform `open1` and subscription `crm` as documented, or of others. Answers how to log in. */
export async function createUser(admin: Redis, { name, rules }: DocumentedUser, options: Place = {}): Promise<Login> {
  const { platform = 'open1', subscription = 'crm', as = name } = options
  const own = withPassword(rules).map((rule) => {
    if (!/[~&]/.test(rule)) return rule
    return rule.replaceAll(/open1|crm/g, (part) => (part === 'crm' ? subscription : platform))
  })
  await admin.call('ACL', 'SETUSER', as, ...own)
  return loginOf(as)
}

/** The users as arguments of redis-server. */
export function userArguments(users: readonly DocumentedUser[]): string[] {
  return users.flatMap(({ name, rules }) => ['--user', name, ...withPassword(rules)])
}

/** The users as lines of a configuration file. */
export function userLines(users: readonly DocumentedUser[]): string[] {
  return users.map(({ name, rules }) => ['user', name, ...withPassword(rules)].join(' '))
}

function withPassword(rules: readonly string[]): string[] {
  return rules.map((rule) => (rule === '>PASSWORD' ? `>${PASSWORD}` : rule))
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
