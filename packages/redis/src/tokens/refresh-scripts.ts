// Owns: the definitions of the scripts of a refresh: claim, commit, fail. The component, the authorizers and API
// tickets use the same three.
import { defineScript } from '../lua/define-script.ts'

export const claimRefresh = defineScript({
  name: 'tokens/claim-refresh',
  keys: ['meta', 'tokenKey', 'lease', 'refreshError', 'material'],
  args: ['kind', 'owner', 'leaseMs', 'seen'],
})

export const commitRefresh = defineScript({
  name: 'tokens/commit-refresh',
  keys: ['meta', 'tokenKey', 'lease', 'refreshError', 'due', 'refreshTokens', 'groups', 'members'],
  args: ['kind', 'subject', 'owner', 'fence', 'token', 'leftMs', 'lifetime', 'dueInMs', 'generation', 'sealed'],
})

export const failRefresh = defineScript({
  name: 'tokens/fail-refresh',
  keys: ['meta', 'lease', 'refreshError'],
  args: ['owner', 'fence', 'failure', 'holdMs', 'isUnsettled'],
})
