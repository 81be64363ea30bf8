// Owns: the definitions of the scripts that change an authorization. CreateTime decides which of WeChat's events is
// newer.
import { defineScript } from '../lua/define-script.ts'

export const saveAuthorization = defineScript({
  name: 'tokens/save-authorization',
  keys: [
    'authorizer',
    'accessToken',
    'due',
    'authorizers',
    'exchange',
    'refreshTokens',
    'refreshError',
    'history',
    'groups',
    'members',
  ],
  args: [
    'appid',
    'codeHash',
    'owner',
    'createTime',
    'token',
    'leftMs',
    'lifetime',
    'refreshToken',
    'funcInfo',
    'dueInMs',
    'codeTtl',
    'pushedAs',
  ],
})

export const revokeAuthorization = defineScript({
  name: 'tokens/revoke-authorization',
  keys: [
    'authorizer',
    'accessToken',
    'due',
    'authorizers',
    'refreshTokens',
    'lease',
    'jsapiTicket',
    'cardTicket',
    'history',
    'groups',
    'members',
  ],
  args: ['appid', 'since', 'by'],
})

export const requireReauthorization = defineScript({
  name: 'tokens/require-reauthorization',
  keys: ['authorizer', 'due', 'lease', 'groups', 'members'],
  args: ['appid', 'generation', 'owner'],
})

export const confirmAuthorization = defineScript({
  name: 'tokens/confirm-authorization',
  keys: ['authorizer', 'history'],
  args: ['codeHash', 'createTime', 'pushedAs'],
})

export const saveProfile = defineScript({
  name: 'tokens/save-profile',
  keys: ['authorizer', 'history', 'userNames', 'groups', 'members', 'names'],
  args: ['appid', 'profile', 'funcInfo', 'userName', 'nick', 'principal'],
})

export const reconcileAuthorizer = defineScript({
  name: 'tokens/reconcile-authorizer',
  keys: ['authorizer', 'due', 'authorizers', 'history', 'groups', 'members'],
  args: ['appid', 'authTime', 'sealed'],
})
