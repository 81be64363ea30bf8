// Owns: the table of what each call of the internal listener really needs: every route, and every member of its query and its body.
// All calls are about authorizer A.
import type { Action } from '@wxgw/runtime'
import { APPID_A } from './samples.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
export type Call = { method: Method; path: string; payload?: object }

export type Needing = Call & {
  needs: readonly Action[]
  /** `list`: a narrowed right sees its own part. `platform`: a narrowed right is none. Otherwise the call is about one thing. */
  scope?: 'list' | 'platform' | undefined
}

type Member =
  | 'nothing more'
  | { needs: readonly Action[]; path?: string; payload?: object; scope?: Needing['scope'] | undefined }

type Route = Needing & {
  /** As the OpenAPI document names it, after the platform. */
  route: string
  /** By `query.name` or `body.name`. */
  members: Readonly<Record<string, Member>>
}

const MATCH_A = { match: { authorizers: [APPID_A] } }
const OF_A = { sink: { kind: 'queue' }, ...MATCH_A }
const CONTENT = { 'query.content': 'nothing more' } as const
const PAGE = { 'query.limit': 'nothing more', 'query.cursor': 'nothing more' } as const
const URL_QUERY = {
  'query.type': 'nothing more',
  'query.redirectUri': 'nothing more',
  'query.auth_type': 'nothing more',
  'query.biz_appid': 'nothing more',
  'query.category_id_list': 'nothing more',
} as const
const one = `subscriptions/of-a`

const ROUTES: readonly Route[] = [
  {
    route: 'authurl',
    method: 'GET',
    path: `authurl?biz_appid=${APPID_A}`,
    needs: ['authorizations:write'],
    members: URL_QUERY,
  },
  {
    route: 'authurl',
    method: 'POST',
    path: 'authurl',
    payload: { biz_appid: APPID_A },
    needs: ['authorizations:write'],
    members: {
      ...URL_QUERY,
      'body.type': 'nothing more',
      'body.redirectUri': 'nothing more',
      'body.auth_type': 'nothing more',
      'body.biz_appid': 'nothing more',
      'body.category_id_list': 'nothing more',
    },
  },
  {
    route: 'mpinfo',
    method: 'GET',
    path: 'mpinfo?auth_code=of-a',
    needs: ['tokens:read', 'authorizations:write'],
    members: { 'query.auth_code': 'nothing more', 'query.expires_in': 'nothing more' },
  },
  {
    route: 'access_token/{APPID}',
    method: 'GET',
    path: `access_token/${APPID_A}`,
    needs: ['tokens:read'],
    members: { 'query.force': { path: `access_token/${APPID_A}?force=true`, needs: ['tokens:force'] } },
  },
  {
    route: 'access_token/{APPID}/invalid',
    method: 'POST',
    path: `access_token/${APPID_A}/invalid`,
    payload: { token: 'x' },
    needs: ['tokens:read'],
    members: { 'body.token': 'nothing more' },
  },
  {
    route: 'component_access_token',
    method: 'GET',
    path: 'component_access_token',
    needs: ['tokens:read'],
    scope: 'platform',
    members: {},
  },
  {
    route: 'ticket/{APPID}',
    method: 'GET',
    path: `ticket/${APPID_A}?type=jsapi`,
    needs: ['tokens:read'],
    members: { 'query.type': 'nothing more' },
  },
  {
    route: 'jssdk_config/{APPID}',
    method: 'GET',
    path: `jssdk_config/${APPID_A}?url=https://a.example`,
    needs: ['tokens:read'],
    members: { 'query.url': 'nothing more' },
  },
  {
    route: 'authorization-sessions',
    method: 'POST',
    path: 'authorization-sessions',
    payload: { reference: 'r', appid: APPID_A },
    needs: ['sessions:write'],
    members: {
      'body.reference': 'nothing more',
      'body.tags': 'nothing more',
      'body.type': 'nothing more',
      'body.authType': 'nothing more',
      'body.appid': 'nothing more',
      'body.categoryIdList': 'nothing more',
      'body.returnUrl': 'nothing more',
      'body.expiresInSeconds': 'nothing more',
    },
  },
  {
    route: 'authorization-sessions',
    method: 'GET',
    path: 'authorization-sessions',
    needs: ['sessions:read'],
    scope: 'list',
    members: { ...PAGE, 'query.reference': 'nothing more', 'query.status': 'nothing more' },
  },
  {
    route: 'authorization-sessions/{sessionId}',
    method: 'GET',
    path: 'authorization-sessions/of-a',
    needs: ['sessions:read'],
    members: {},
  },
  {
    route: 'authorization-sessions/{sessionId}/link',
    method: 'GET',
    path: 'authorization-sessions/of-a/link',
    needs: ['sessions:read'],
    members: {},
  },
  {
    route: 'authorization-sessions/{sessionId}',
    method: 'DELETE',
    path: 'authorization-sessions/of-a',
    needs: ['sessions:write'],
    members: {},
  },
  {
    route: 'authorizers',
    method: 'GET',
    path: 'authorizers',
    needs: ['authorizers:read'],
    scope: 'list',
    members: {
      ...PAGE,
      'query.status': 'nothing more',
      'query.missingScope': 'nothing more',
      'query.q': 'nothing more',
    },
  },
  {
    route: 'authorizers/{APPID}/refresh',
    method: 'POST',
    path: `authorizers/${APPID_A}/refresh`,
    needs: ['tokens:force'],
    members: {},
  },
  {
    route: 'authorizers/{APPID}',
    method: 'GET',
    path: `authorizers/${APPID_A}`,
    needs: ['authorizers:read'],
    members: {},
  },
  {
    route: 'authorizers/{APPID}/history',
    method: 'GET',
    path: `authorizers/${APPID_A}/history`,
    needs: ['authorizers:read'],
    members: PAGE,
  },
  {
    route: 'authorizers/sync',
    method: 'POST',
    path: 'authorizers/sync',
    needs: ['authorizers:sync'],
    scope: 'platform',
    members: {},
  },
  {
    route: 'authorizers/sync/{jobId}',
    method: 'GET',
    path: 'authorizers/sync/job-1',
    needs: ['authorizers:sync'],
    scope: 'platform',
    members: {},
  },
  {
    route: 'subscriptions',
    method: 'GET',
    path: 'subscriptions',
    needs: ['subscriptions:read'],
    scope: 'list',
    members: PAGE,
  },
  { route: 'subscriptions/{name}', method: 'GET', path: one, needs: ['subscriptions:read'], members: {} },
  {
    route: 'subscriptions/{name}',
    method: 'PUT',
    path: one,
    payload: OF_A,
    needs: ['subscriptions:write'],
    members: {
      'body.name': 'nothing more',
      'body.match': 'nothing more',
      'body.sink': 'nothing more',
      'body.retry': 'nothing more',
      'body.reply': { payload: { ...OF_A, reply: true, enabled: false }, needs: ['replies:write'] },
      'body.fallback': { payload: { ...OF_A, fallback: 'customer-service' }, needs: ['replies:write'] },
      'body.ordering': 'nothing more',
      'body.orderingTimeoutSeconds': 'nothing more',
      'body.throttle': 'nothing more',
      'body.maxBacklog': 'nothing more',
      'body.disableAfterSeconds': 'nothing more',
      'body.enabled': 'nothing more',
      'body.paused': 'nothing more',
      'body.declared': 'nothing more',
      'body.createdAt': 'nothing more',
      'body.updatedAt': 'nothing more',
    },
  },
  {
    route: 'subscriptions/{name}',
    method: 'PATCH',
    path: one,
    payload: { enabled: true },
    needs: ['subscriptions:write'],
    members: { 'body.enabled': 'nothing more', 'body.paused': 'nothing more' },
  },
  {
    route: 'subscriptions/match',
    method: 'POST',
    path: 'subscriptions/match',
    payload: { event: { type: 'wechat.message.text' } },
    needs: ['subscriptions:read'],
    scope: 'list',
    members: {
      'body.event': 'nothing more',
      'body.eventId': { payload: { eventId: 'ev_a' }, needs: ['events:read'], scope: undefined },
    },
  },
  { route: 'subscriptions/{name}', method: 'DELETE', path: one, needs: ['subscriptions:write'], members: {} },
  {
    route: 'subscriptions/{name}/rotate-secret',
    method: 'POST',
    path: `${one}/rotate-secret`,
    needs: ['subscriptions:write'],
    members: {},
  },
  {
    route: 'subscriptions/{name}/test',
    method: 'POST',
    path: `${one}/test`,
    needs: ['subscriptions:write'],
    members: {},
  },
  {
    route: 'subscriptions/{name}/dead-letters',
    method: 'GET',
    path: `${one}/dead-letters`,
    needs: ['subscriptions:read'],
    members: { ...PAGE, ...CONTENT, 'query.reason': 'nothing more' },
  },
  {
    route: 'subscriptions/{name}/dead-letters',
    method: 'DELETE',
    path: `${one}/dead-letters`,
    needs: ['subscriptions:write'],
    members: { 'query.ids': 'nothing more' },
  },
  {
    route: 'subscriptions/{name}/dead-letters/replay',
    method: 'POST',
    path: `${one}/dead-letters/replay`,
    payload: {},
    needs: ['subscriptions:write'],
    members: { 'body.ids': 'nothing more' },
  },
  {
    route: 'subscriptions/{name}/replays',
    method: 'POST',
    path: `${one}/replays`,
    payload: { from: '2026-01-01', to: '2026-01-02' },
    needs: ['events:replay'],
    members: {
      'body.from': 'nothing more',
      'body.to': 'nothing more',
      'body.types': 'nothing more',
      'body.authorizers': 'nothing more',
      'body.subject': 'nothing more',
      'body.onlyUndelivered': 'nothing more',
      'body.ratePerSecond': 'nothing more',
    },
  },
  {
    route: 'subscriptions/{name}/replays',
    method: 'GET',
    path: `${one}/replays`,
    needs: ['events:replay'],
    members: PAGE,
  },
  {
    route: 'subscriptions/{name}/replays/{id}',
    method: 'GET',
    path: `${one}/replays/r0a`,
    needs: ['events:replay'],
    members: {},
  },
  {
    route: 'subscriptions/{name}/replays/{id}/pause',
    method: 'POST',
    path: `${one}/replays/r0a/pause`,
    needs: ['events:replay'],
    members: {},
  },
  {
    route: 'subscriptions/{name}/replays/{id}/resume',
    method: 'POST',
    path: `${one}/replays/r0a/resume`,
    needs: ['events:replay'],
    members: {},
  },
  {
    route: 'subscriptions/{name}/replays/{id}/cancel',
    method: 'POST',
    path: `${one}/replays/r0a/cancel`,
    needs: ['events:replay'],
    members: {},
  },
  {
    route: 'events',
    method: 'GET',
    path: 'events',
    needs: ['events:read'],
    scope: 'list',
    members: {
      ...PAGE,
      ...CONTENT,
      'query.authorizer': 'nothing more',
      // The content of events that the caller does not see is not searched.
      'query.q': 'nothing more',
      'query.subject': { needs: ['events:read'], path: `events?authorizer=${APPID_A}&subject=oUSER` },
      'query.type': 'nothing more',
      'query.from': 'nothing more',
      'query.to': 'nothing more',
      'query.subscription': 'nothing more',
      'query.status': 'nothing more',
    },
  },
  {
    route: 'events',
    method: 'DELETE',
    path: `events?authorizer=${APPID_A}&subject=oUSER`,
    needs: ['events:erase'],
    members: { 'query.authorizer': 'nothing more', 'query.subject': 'nothing more' },
  },
  {
    route: 'events/stream',
    method: 'GET',
    path: 'events/stream',
    needs: ['events:read'],
    scope: 'list',
    members: {
      ...CONTENT,
      'query.types': 'nothing more',
      'query.authorizers': 'nothing more',
      'query.after': 'nothing more',
    },
  },
  { route: 'events/{id}', method: 'GET', path: 'events/ev_a', needs: ['events:read'], members: CONTENT },
  {
    route: 'events/{id}/attempts',
    method: 'GET',
    path: 'events/ev_a/attempts',
    needs: ['events:read'],
    members: { ...PAGE, ...CONTENT },
  },
  {
    route: 'events/{id}/replay',
    method: 'POST',
    path: 'events/ev_a/replay',
    payload: {},
    needs: ['events:replay'],
    members: { 'body.subscriptions': 'nothing more' },
  },
  {
    route: 'statistics',
    method: 'GET',
    path: 'statistics',
    needs: ['events:read'],
    scope: 'platform',
    members: { 'query.from': 'nothing more', 'query.to': 'nothing more', 'query.step': 'nothing more' },
  },
  {
    route: 'subscriptions/{name}/stats',
    method: 'GET',
    path: `${one}/stats`,
    needs: ['subscriptions:read'],
    members: {},
  },
  {
    route: 'refused-pushes',
    method: 'GET',
    path: 'refused-pushes',
    needs: ['events:read'],
    scope: 'platform',
    members: {},
  },
  {
    route: 'replies/{eventId}',
    method: 'POST',
    path: 'replies/ev_a',
    payload: { reply: { MsgType: 'text', Content: 'hi' } },
    needs: ['replies:write'],
    members: { 'body.reply': 'nothing more' },
  },
  { route: 'api/{APPID}/{*}', method: 'GET', path: `api/${APPID_A}/cgi-bin/x`, needs: ['api:call'], members: {} },
  { route: 'api/{APPID}/{*}', method: 'POST', path: `api/${APPID_A}/cgi-bin/x`, needs: ['api:call'], members: {} },
  {
    route: 'component-api/{*}',
    method: 'GET',
    path: 'component-api/wxa/x',
    needs: ['component_api:call'],
    scope: 'platform',
    members: {},
  },
  {
    route: 'component-api/{*}',
    method: 'POST',
    path: 'component-api/wxa/x',
    needs: ['component_api:call'],
    scope: 'platform',
    members: {},
  },
  { route: 'proxy_token/{APPID}', method: 'GET', path: `proxy_token/${APPID_A}`, needs: ['api:call'], members: {} },
  {
    route: 'component/clear_quota',
    method: 'POST',
    path: 'component/clear_quota',
    payload: {},
    needs: ['component_api:call'],
    scope: 'platform',
    members: { 'body.appid': 'nothing more' },
  },
]

/** Each route as it is, and again with each member that needs more. */
export const CALLS: readonly Needing[] = ROUTES.flatMap((route) => [
  route,
  ...Object.values(route.members).flatMap((member) =>
    member === 'nothing more' ? [] : [{ ...route, ...member, needs: [...route.needs, ...member.needs] }],
  ),
])

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
  ...ROUTES.flatMap(({ method, route, members }) => [
    `${method} ${route}`,
    ...Object.keys(members).map((member) => `${method} ${route} ${member}`),
  ]),
]
