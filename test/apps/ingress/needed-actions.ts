// Owns: the table of what each call of the internal listener really needs: every route, and every member of its query and its body.
// All calls are about authorizer A.
import type { Action } from '@wxgw/runtime'
import { words } from '../../helpers/words.ts'
import { APPID_A } from './samples.ts'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
export type Method = (typeof METHODS)[number]
export type Call = { method: Method; path: string; payload?: object }

export type Needing = Call & {
  needs: readonly Action[]
  /** `list`: a narrowed right sees its own part. `platform`: a narrowed right is none. Otherwise the call is about one thing. */
  scope?: 'list' | 'platform' | undefined
}

type Rule = Partial<Pick<Needing, 'path' | 'payload' | 'scope'>> & {
  needs: readonly Action[]
  /** Members that need nothing more, as `query.name` or `body.name`. */
  free?: readonly string[]
  /** Members that need more, each with a call that has it. */
  more?: Readonly<Record<string, Partial<Needing>>>
}

const MATCH_A = { match: { authorizers: [APPID_A] } }
const OF_A = { sink: { kind: 'queue' }, ...MATCH_A }
const PAGE = words`query.limit query.cursor`
const CONTENT = 'query.content'
const URL_QUERY = words`query.type query.redirectUri query.auth_type query.biz_appid query.category_id_list`

/** What stands for a parameter of the path, unless a rule has a path of its own. */
const PARAMETERS: Readonly<Record<string, string>> = {
  APPID: APPID_A,
  name: 'of-a',
  sessionId: 'of-a',
  jobId: 'job-1',
  eventId: 'ev_a',
  id: 'ev_a',
  '*': 'wxa/x',
}
const REPLAY = { path: 'subscriptions/of-a/replays/r0a', needs: ['events:replay'] } as const
const COMPONENT_API = { needs: ['component_api:call'], scope: 'platform' } as const

/** By method and route, as the OpenAPI document names it after the platform. */
const RULES: Readonly<Record<string, Rule>> = {
  'GET authurl': { path: `authurl?biz_appid=${APPID_A}`, needs: ['authorizations:write'], free: URL_QUERY },
  'POST authurl': {
    payload: { biz_appid: APPID_A },
    needs: ['authorizations:write'],
    free: [...URL_QUERY, ...URL_QUERY.map((member) => member.replace('query', 'body'))],
  },
  'GET mpinfo': {
    path: 'mpinfo?auth_code=of-a',
    needs: ['tokens:read', 'authorizations:write'],
    free: words`query.auth_code query.expires_in`,
  },
  'GET access_token/{APPID}': {
    needs: ['tokens:read'],
    more: { 'query.force': { path: `access_token/${APPID_A}?force=true`, needs: ['tokens:force'] } },
  },
  'POST access_token/{APPID}/invalid': { payload: { token: 'x' }, needs: ['tokens:read'], free: ['body.token'] },
  'GET component_access_token': { needs: ['tokens:read'], scope: 'platform' },
  'GET ticket/{APPID}': { path: `ticket/${APPID_A}?type=jsapi`, needs: ['tokens:read'], free: ['query.type'] },
  'GET jssdk_config/{APPID}': {
    path: `jssdk_config/${APPID_A}?url=https://a.example`,
    needs: ['tokens:read'],
    free: ['query.url'],
  },
  'POST authorization-sessions': {
    payload: { reference: 'r', appid: APPID_A },
    needs: ['sessions:write'],
    free: words`
      body.reference body.tags body.type body.authType body.appid body.categoryIdList body.returnUrl body.expiresInSeconds
    `,
  },
  'GET authorization-sessions': {
    needs: ['sessions:read'],
    scope: 'list',
    free: [...PAGE, 'query.reference', 'query.status'],
  },
  'GET authorization-sessions/{sessionId}': { needs: ['sessions:read'] },
  'GET authorization-sessions/{sessionId}/link': { needs: ['sessions:read'] },
  'DELETE authorization-sessions/{sessionId}': { needs: ['sessions:write'] },
  'GET authorizers': {
    needs: ['authorizers:read'],
    scope: 'list',
    free: [...PAGE, 'query.status', 'query.missingScope', 'query.q'],
  },
  'POST authorizers/{APPID}/refresh': { needs: ['tokens:force'] },
  'GET authorizers/{APPID}': { needs: ['authorizers:read'] },
  'GET authorizers/{APPID}/history': { needs: ['authorizers:read'], free: PAGE },
  'POST authorizers/sync': { needs: ['authorizers:sync'], scope: 'platform' },
  'GET authorizers/sync/{jobId}': { needs: ['authorizers:sync'], scope: 'platform' },
  'GET subscriptions': { needs: ['subscriptions:read'], scope: 'list', free: PAGE },
  'GET subscriptions/{name}': { needs: ['subscriptions:read'] },
  'PUT subscriptions/{name}': {
    payload: OF_A,
    needs: ['subscriptions:write'],
    free: words`
      body.name body.match body.sink body.retry body.ordering body.orderingTimeoutSeconds body.throttle body.maxBacklog
      body.disableAfterSeconds body.enabled body.paused body.declared body.createdAt body.updatedAt
    `,
    more: {
      'body.reply': { payload: { ...OF_A, reply: true, enabled: false }, needs: ['replies:write'] },
      'body.fallback': { payload: { ...OF_A, fallback: 'customer-service' }, needs: ['replies:write'] },
    },
  },
  'PATCH subscriptions/{name}': {
    payload: { enabled: true },
    needs: ['subscriptions:write'],
    free: ['body.enabled', 'body.paused'],
  },
  'POST subscriptions/match': {
    payload: { event: { type: 'wechat.message.text' } },
    needs: ['subscriptions:read'],
    scope: 'list',
    free: ['body.event'],
    more: { 'body.eventId': { payload: { eventId: 'ev_a' }, needs: ['events:read'], scope: undefined } },
  },
  'DELETE subscriptions/{name}': { needs: ['subscriptions:write'] },
  'POST subscriptions/{name}/rotate-secret': { needs: ['subscriptions:write'] },
  'POST subscriptions/{name}/test': { needs: ['subscriptions:write'] },
  'GET subscriptions/{name}/dead-letters': { needs: ['subscriptions:read'], free: [...PAGE, CONTENT, 'query.reason'] },
  'DELETE subscriptions/{name}/dead-letters': { needs: ['subscriptions:write'], free: ['query.ids'] },
  'POST subscriptions/{name}/dead-letters/replay': { payload: {}, needs: ['subscriptions:write'], free: ['body.ids'] },
  'POST subscriptions/{name}/replays': {
    payload: { from: '2026-01-01', to: '2026-01-02' },
    needs: ['events:replay'],
    free: words`body.from body.to body.types body.authorizers body.subject body.onlyUndelivered body.ratePerSecond`,
  },
  'GET subscriptions/{name}/replays': { needs: ['events:replay'], free: PAGE },
  'GET subscriptions/{name}/replays/{id}': REPLAY,
  'POST subscriptions/{name}/replays/{id}/pause': { ...REPLAY, path: `${REPLAY.path}/pause` },
  'POST subscriptions/{name}/replays/{id}/resume': { ...REPLAY, path: `${REPLAY.path}/resume` },
  'POST subscriptions/{name}/replays/{id}/cancel': { ...REPLAY, path: `${REPLAY.path}/cancel` },
  'GET events': {
    needs: ['events:read'],
    scope: 'list',
    // q: the content of events that the caller does not see is not searched.
    free: [
      ...PAGE,
      CONTENT,
      ...words`query.authorizer query.q query.type query.from query.to query.subscription query.status`,
    ],
    more: { 'query.subject': { needs: ['events:read'], path: `events?authorizer=${APPID_A}&subject=oUSER` } },
  },
  'DELETE events': {
    path: `events?authorizer=${APPID_A}&subject=oUSER`,
    needs: ['events:erase'],
    free: ['query.authorizer', 'query.subject'],
  },
  'GET events/stream': {
    needs: ['events:read'],
    scope: 'list',
    free: [CONTENT, 'query.types', 'query.authorizers', 'query.after'],
  },
  'GET events/{id}': { needs: ['events:read'], free: [CONTENT] },
  'GET events/{id}/attempts': { needs: ['events:read'], free: [...PAGE, CONTENT] },
  'POST events/{id}/replay': { payload: {}, needs: ['events:replay'], free: ['body.subscriptions'] },
  'GET statistics': { needs: ['events:read'], scope: 'platform', free: words`query.from query.to query.step` },
  'GET subscriptions/{name}/stats': { needs: ['subscriptions:read'] },
  'GET refused-pushes': { needs: ['events:read'], scope: 'platform' },
  'POST replies/{eventId}': {
    payload: { reply: { MsgType: 'text', Content: 'hi' } },
    needs: ['replies:write'],
    free: ['body.reply'],
  },
  'GET api/{APPID}/{*}': { needs: ['api:call'] },
  'POST api/{APPID}/{*}': { needs: ['api:call'] },
  'GET component-api/{*}': COMPONENT_API,
  'POST component-api/{*}': COMPONENT_API,
  'GET proxy_token/{APPID}': { needs: ['api:call'] },
  'POST component/clear_quota': { ...COMPONENT_API, payload: {}, free: ['body.appid'] },
}

/** Each route as it is, and again with each member that needs more. */
export const CALLS: readonly Needing[] = Object.entries(RULES).flatMap(([name, rule]) => {
  const { free: _free, more = {}, ...call } = { ...callOf(name), ...rule }
  return [
    call,
    ...Object.values(more).map(({ needs = [], ...member }) => ({
      ...call,
      ...member,
      needs: [...call.needs, ...needs],
    })),
  ]
})

function callOf(name: string): Call {
  const [written, route = ''] = name.split(' ')
  const method = METHODS.find((known) => known === written)
  if (method === undefined) throw new Error(`${name} has no method`)
  return {
    method,
    path: route.replaceAll(/\{([^}]+)\}/g, (_, parameter: string) => PARAMETERS[parameter] ?? parameter),
  }
}

/** Calls for which one of several actions is enough. */
export const ANY_OF = [
  {
    route: 'authorizers/{APPID}/compare',
    method: 'POST',
    path: `authorizers/${APPID_A}/compare`,
    actions: ['authorizers:sync', 'tokens:force'],
  },
] as const satisfies ReadonlyArray<Call & { route: string; actions: readonly Action[] }>

/** `GET events query.type` and so on, to be compared with what is served. */
export const KNOWN_MEMBERS: readonly string[] = [
  ...ANY_OF.map(({ method, route }) => `${method} ${route}`),
  ...Object.entries(RULES).flatMap(([name, { free = [], more = {} }]) => [
    name,
    ...[...free, ...Object.keys(more)].map((member) => `${name} ${member}`),
  ]),
]
