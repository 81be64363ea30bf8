// Owns: the meaning of each action, for docs/configuration.md. The routes of the ingress check the actions.
import type { Action } from './caller-config.ts'

export const ACTION_MEANINGS: Readonly<Record<Action, string>> = {
  'tokens:read':
    '`access_token`, `access_token/…/invalid`, `ticket`, `jssdk_config`; not narrowed: `component_access_token` too',
  'tokens:force': 'with `tokens:read`: `access_token?force=true`',
  'refresh_tokens:read': 'with `mpinfo`: the refresh token in its answer',
  'authorizers:read': '`authorizers`, one and all',
  'authorizers:sync':
    '`authorizers/sync` and its state; only in a grant that is not narrowed, otherwise the start is refused',
  'authorizations:write':
    '`authurl` of the internal listener, narrowed: with a `biz_appid` within the grant. With `tokens:read`: `mpinfo`, narrowed: ' +
    'for a code that was exchanged before, of an account within both grants',
  'sessions:read':
    '`authorization-sessions`, one with its link and all, narrowed: those that asked for an account in the grant, or were ' +
    'completed by one',
  'sessions:write': 'to create them, narrowed: with an `appid` within the grant, and to cancel them',
  'subscriptions:read': 'subscriptions and their dead letters, narrowed: those that match nothing beyond the grant',
  'subscriptions:write': 'to write, test and delete such subscriptions, and to replay and discard their dead letters',
  'events:read': '`events`, one and all, narrowed: of the authorizers in the grant',
  'events:replay':
    '`events/…/replay`, and `replays` of subscriptions; narrowed: to subscriptions that match nothing beyond the grant',
  'events:content':
    'with what shows events: `data` beyond MsgType, Event, InfoType, MsgId and CreateTime, narrowed: of the authorizers in the grant',
  'events:erase':
    '`DELETE events`: takes the content of one user out of the log and the dead letters, narrowed: of the authorizers in the grant',
  'replies:write':
    '`replies`. With `subscriptions:write`: a subscription with `reply` or `fallback` that matches nothing beyond either grant',
  'api:call':
    "[WeChat's APIs](api-calls.md) in the name of an account, and `proxy_token`; narrowed by `apis` to some of them. It shows no token",
  'component_api:call':
    "WeChat's APIs with the component's token, and `component/clear_quota`; only in a grant that is not narrowed, otherwise the start is refused",
  'console:use':
    'to sign in to the [console](console.md), which shows and does what the other actions of the caller allow. In a grant that is not ' +
    'narrowed: `audit`, `api-calls` and `diagnosis` too',
}
