// Owns: issuing tickets, authorizing and unauthorizing accounts, each with its push.
import type { FuncInfo } from '../accounts.ts'
import type { AuthorizationLedger, IssuedAuthorization } from '../ledger/authorization-ledger.ts'
import type { ComponentLedger } from '../ledger/component-ledger.ts'
import type { Settings } from '../settings.ts'
import type { SimulationClock } from '../simulation-clock.ts'
import { authorizedXml, ticketXml, unauthorizedXml } from './component-xml.ts'
import type { PushOrder, PushResult, Pusher } from './pusher.ts'

export type TicketOptions = {
  /** Pushes an older ticket again. Default: a new one. */
  ticket?: string
  createTimeSeconds?: number
}

export type AuthorizeOptions = {
  /** true: as WeChat does: `authorized`, `updateauthorized` when permission sets changed, else nothing. A name forces it. */
  push?: boolean | 'authorized' | 'updateauthorized'
  funcInfo?: FuncInfo
  /** The pre_auth_code of the authorization page. */
  preAuthCode?: string
  /** CreateTime of the push. Default: now. */
  createTimeSeconds?: number
}

export type UnauthorizeOptions = {
  push?: boolean
  createTimeSeconds?: number
  /** false: only pushes, like a late duplicate. */
  takesEffect?: boolean
}

export type Authorized = {
  authorizationCode: string
  preAuthCode: string
  change: IssuedAuthorization['change']
  /** undefined: nothing was pushed. */
  push: PushResult | undefined
}

type PreparedAuthorization = Omit<Authorized, 'push'> & { push(): Promise<PushResult | undefined> }

export type ComponentPushes = {
  pushTicket(options?: TicketOptions): Promise<PushResult & { ticket: string }>
  authorize(appId: string, options?: AuthorizeOptions): Promise<Authorized>
  /** Authorizes and issues the code. The caller pushes the event by `push`. */
  prepareAuthorization(appId: string, options?: AuthorizeOptions): PreparedAuthorization
  unauthorize(appId: string, options?: UnauthorizeOptions): Promise<{ push: PushResult | undefined }>
}

type Deps = {
  clock: SimulationClock
  settings: () => Settings
  component: ComponentLedger
  authorizations: AuthorizationLedger
  pusher: Pick<Pusher, 'push'>
}

export function createComponentPushes({ clock, settings, component, authorizations, pusher }: Deps): ComponentPushes {
  function order(label: string, xml: string, appId?: string): PushOrder {
    const addressee = settings().component.appId
    return {
      kind: 'component',
      url: settings().eventUrl,
      xml,
      label,
      addressee,
      ...(appId === undefined ? {} : { appId }),
    }
  }

  function head(createTimeSeconds = clock.nowSeconds()) {
    return { componentAppId: settings().component.appId, createTimeSeconds }
  }

  const prepareAuthorization: ComponentPushes['prepareAuthorization'] = (appId, options = {}) => {
    const preAuthCode = options.preAuthCode ?? component.issuePreAuthCode().preAuthCode
    const { authorizationCode, change } = authorizations.authorize(appId, options.funcInfo)
    const event = head(options.createTimeSeconds)
    const wanted = options.push ?? true
    const infoType = wanted === true ? change : wanted
    return {
      authorizationCode,
      preAuthCode,
      change,
      push: async () => {
        if (infoType === false || infoType === 'unchanged') return undefined
        const codeLifetimeSeconds = settings().authorizationCodeLifetimeSeconds
        const codes = { authorizationCode, codeLifetimeSeconds, preAuthCode }
        const xml = authorizedXml({ ...event, infoType, authorizerAppId: appId, ...codes })
        return pusher.push(order(infoType, xml, appId))
      },
    }
  }

  return {
    pushTicket: async ({ ticket = component.issueTicket(), createTimeSeconds } = {}) => {
      const xml = ticketXml({ ...head(createTimeSeconds), ticket })
      return { ...(await pusher.push(order('component_verify_ticket', xml))), ticket }
    },
    prepareAuthorization,
    authorize: async (appId, options) => {
      const { push, ...authorized } = prepareAuthorization(appId, options)
      return { ...authorized, push: await push() }
    },
    unauthorize: async (appId, { push = true, createTimeSeconds, takesEffect = true } = {}) => {
      if (takesEffect) authorizations.revoke(appId)
      if (!push) return { push: undefined }
      const xml = unauthorizedXml({ ...head(createTimeSeconds), authorizerAppId: appId })
      return { push: await pusher.push(order('unauthorized', xml, appId)) }
    },
  }
}
