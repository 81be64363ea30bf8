// Owns: authorization sessions: authorization links with an id and a state. The ingress owns rights and pages.
import { createHash, randomBytes } from 'node:crypto'
import { endedSessionData, platformEvent } from '@wxgw/contracts'
import type { Click, EventLog, JobQueue, Session, SessionEnd, SessionStore, SettledAuthorization } from '@wxgw/redis'
import type { Log } from '@wxgw/runtime'
import { permissionSetIds, type Secret } from '@wxgw/wechat-core'
import type { Authorizations, LandedAuthorization, Sessions } from './platform.ts'
import type { SessionChange } from './platform-metrics.ts'

type SessionsDeps = {
  platform: string
  store: SessionStore
  authorizations: Pick<Authorizations, 'createAuthorizationUrl' | 'exchangeLandedCode'>
  jobs: Pick<JobQueue, 'platformEvent'>
  events: Pick<EventLog, 'has'>
  onChange(what: SessionChange): void
  nowMs(): number
  log: Log
}

const ID_BYTES = 16
const ID_CHARACTERS = 26
/**
 * Only letters and digits, because chat programs end a link at other characters; only lower case, so that people can
 * type it.
 */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
/** The process that ended a session announces it. After this time others do. */
const ANNOUNCED_BY_OTHERS_AFTER_MS = 5_000
const ANNOUNCED_AT_ONCE = 100
const EXPIRED_AT_ONCE = 1_000

const ANNOUNCED_AS = {
  completed: 'gateway.authorization.completed',
  refused: 'gateway.authorization.refused',
} as const

export function createSessions(deps: SessionsDeps): Sessions {
  const { platform, store, authorizations, jobs, events, log } = deps

  async function click(
    id: string,
    { defaultType, landingUrl }: Parameters<Sessions['click']>[1],
  ): ReturnType<Sessions['click']> {
    const taken = await store.takeClick(id)
    if (taken?.kind !== 'taken') return taken
    const { session, clickedAtMs } = taken
    const mark = randomId()
    const { url, preAuthCode } = await authorizations.createAuthorizationUrl({
      type: session.type ?? defaultType,
      redirectUri: landingUrl(mark),
      authType: session.authType === undefined ? undefined : String(session.authType),
      bizAppId: session.appId,
      categoryIdList: session.categoryIdList,
    })
    await store.rememberClick({ sessionId: id, clickedAtMs }, { mark, preAuthCode })
    deps.onChange('clicked')
    return { kind: 'leads', url }
  }

  async function land(id: string, mark: string, code: Secret): ReturnType<Sessions['land']> {
    const found = await store.findClick({ mark })
    const authorization = await authorizations.exchangeLandedCode(code)
    if (found?.sessionId !== id) return { authorization, end: undefined }
    return { authorization, end: await end(found, settled(authorization, code), 'completed_by_browser') }
  }

  const settlePushed: Sessions['settlePushed'] = async ({ preAuthCode, ...authorization }) => {
    const found = preAuthCode && (await store.findClick({ preAuthCode }))
    const ended = found && (await end(found, authorization, 'completed_by_push'))
    const session = ended && ended.kind !== 'other' ? ended.session : await store.endedBy(authorization.code)
    return session?.status === 'completed' ? session : undefined
  }

  async function end(
    found: Click,
    authorization: SettledAuthorization,
    completed: SessionChange,
  ): Promise<SessionEnd | undefined> {
    const ended = await store.end(found, authorization)
    if (ended?.kind === 'ended') {
      const { status } = ended.session
      deps.onChange(status === 'refused' ? 'refused' : completed)
      log.info(
        { platform, appid: authorization.appId, eventId: announcementId(found.sessionId), status },
        'session.ended',
      )
      await announce(ended.session)
    }
    return ended
  }

  /** Never rejects. A worker announces later what fails here. */
  async function announce(session: Session): Promise<void> {
    const event = announcement(session)
    try {
      await jobs.platformEvent(event)
      await store.announced(session.id)
    } catch (error) {
      log.warn({ err: error, platform, type: event.type }, 'event.not_announced')
    }
  }

  function announcement(session: Session) {
    const data = endedSessionData(session)
    return platformEvent({
      id: announcementId(session.id),
      platform,
      type: ANNOUNCED_AS[session.status === 'refused' ? 'refused' : 'completed'],
      timeMs: session.endedAtMs ?? deps.nowMs(),
      subject: data.appid,
      authorizerAppId: data.appid,
      data,
    })
  }

  async function announceLeft(): Promise<number> {
    const ids = await store.unannounced(deps.nowMs() - ANNOUNCED_BY_OTHERS_AFTER_MS, ANNOUNCED_AT_ONCE)
    for (const id of ids) {
      const session = await store.get(id)
      // The process that announced it died before it could store that.
      if (session === undefined || (await events.has(announcementId(id)))) await store.announced(id)
      else await announce(session)
    }
    return ids.length
  }

  return {
    async create(session) {
      const id = randomId()
      const made = await store.create({ ...session, id })
      deps.onChange('made')
      return { id, ...made }
    },
    get: async (id) => (isSessionId(id) ? store.get(id) : undefined),
    async open(id) {
      const opened = isSessionId(id) ? await store.open(id) : undefined
      if (opened?.isFirst === true) deps.onChange('opened')
      return opened?.session
    },
    list: (asked) => store.list(asked),
    click: async (id, visit) => (isSessionId(id) ? click(id, visit) : undefined),
    hasClick: async (id, mark) => (await store.findClick({ mark }))?.sessionId === id,
    land,
    settlePushed,
    cancel: async (id) => (isSessionId(id) ? store.cancel(id) : 'unknown'),
    announceLeft,
    async countExpired() {
      const { open } = await store.takeExpired(EXPIRED_AT_ONCE)
      for (let count = 0; count < open; count += 1) deps.onChange('expired')
      return open
    },
  }
}

function settled({ authorizerAppId, funcInfo }: LandedAuthorization, code: Secret): SettledAuthorization {
  return { appId: authorizerAppId, code, grantedSets: permissionSetIds(funcInfo) }
}

/** 128 random bits. */
function randomId(): string {
  let number = BigInt(`0x${randomBytes(ID_BYTES).toString('hex')}`)
  let id = ''
  for (let index = 0; index < ID_CHARACTERS; index += 1) {
    id += ALPHABET[Number(number & 31n)] ?? ''
    number >>= 5n
  }
  return id
}

function isSessionId(text: string): boolean {
  return /^[a-z2-7]{26}$/.test(text)
}

/** The same in every process, so that the event is accepted once. A hash, because the session's id opens the page. */
function announcementId(sessionId: string): string {
  return `gw_${createHash('sha256').update(sessionId).digest('hex').slice(0, 32)}`
}
