// Owns: the definitions of the scripts that change an authorization session. They use Redis' clock only, and are safe
// to repeat.
import { defineScript } from '../lua/define-script.ts'

export const createSession = defineScript({
  name: 'sessions/create-session',
  keys: ['record', 'sessions', 'ofReference', 'ofAccount', 'byExpiry'],
  args: ['id', 'lifeSeconds', 'hasAccount'],
  moreArgs: 'fields',
})
export const openSession = defineScript({ name: 'sessions/open-session', keys: ['record'] })
export const takeExpired = defineScript({
  name: 'sessions/take-expired',
  keys: ['byExpiry'],
  args: ['prefix', 'limit'],
})
export const takeClick = defineScript({ name: 'sessions/take-click', keys: ['record'] })
export const rememberClick = defineScript({
  name: 'sessions/remember-click',
  keys: ['click', 'preAuthCode'],
  args: ['session', 'clickedAtMs'],
})
export const endSession = defineScript({
  name: 'sessions/end-session',
  keys: ['record', 'exchange', 'unannounced', 'ofAccount', 'history'],
  args: ['id', 'appid', 'clickedAtMs', 'grantedSets', 'codeStart', 'codeTtl'],
})
export const cancelSession = defineScript({ name: 'sessions/cancel-session', keys: ['record'] })
