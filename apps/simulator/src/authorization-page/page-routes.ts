// Owns: the pages where an account's administrator confirms the authorization: PC, mobile, and the old mobile path.
import formbody from '@fastify/formbody'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Accounts } from '../accounts.ts'
import { html, page } from '../html.ts'
import type { ComponentLedger } from '../ledger/component-ledger.ts'
import type { Pauses } from '../pauses.ts'
import type { ComponentPushes } from '../push/component-pushes.ts'
import type { Settings } from '../settings.ts'
import { offeredAccounts, type PageRequest, readPageRequest, redirectTarget } from './page-request.ts'

/**
 * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/Authorization_Process_Technical_Description.html
 */
const PAGES = ['/cgi-bin/componentloginpage', '/wxaopen/safe/bindcomponent', '/safe/bindcomponent']
const NEW_ACCOUNTS = ['new-official-account', 'new-mini-program']

type Deps = {
  settings: () => Settings
  accounts: Accounts
  component: ComponentLedger
  pushes: Pick<ComponentPushes, 'prepareAuthorization'>
  pauses: Pick<Pauses, 'pause'>
  /** Called with errors in the background. */
  onError: (error: unknown) => void
}

export function authorizationPages(deps: Deps) {
  return async function register(app: FastifyInstance) {
    await app.register(formbody)
    app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
      if (error.statusCode !== undefined && error.statusCode < 500)
        return refuse(reply, '请求不是表单 · the request is no form')
      deps.onError(error)
      return refuse(reply, '系统错误 · system error')
    })
    for (const path of PAGES) {
      app.get(path, { exposeHeadRoute: false }, (request, reply) => show(request, reply, deps))
      app.post(path, (request, reply) => confirm(request, reply, deps))
    }
  }
}

function show(request: FastifyRequest, reply: FastifyReply, deps: Deps) {
  const pageRequest = readPageRequest(fieldsOf(request.query), request.headers.referer, readerDeps(deps))
  if ('problem' in pageRequest) return refuse(reply, pageRequest.problem)
  const offered = offeredAccounts(deps.accounts.all(), pageRequest)
  return reply.type('text/html; charset=utf-8').send(choicePage(pageRequest, offered, deps.settings().component.appId))
}

async function confirm(request: FastifyRequest, reply: FastifyReply, deps: Deps) {
  const fields = { ...fieldsOf(request.query), ...fieldsOf(request.body) }
  // No check of the Referer, which is the page itself now: `show` has checked it.
  const settings = () => ({ ...deps.settings(), authorizationDomains: undefined })
  const pageRequest = readPageRequest(fields, undefined, { ...readerDeps(deps), settings })
  if ('problem' in pageRequest) return refuse(reply, pageRequest.problem)
  const choice = typeof fields['account'] === 'string' ? fields['account'] : ''
  const account = chosenAccount(choice, pageRequest, deps.accounts)
  if (!account) return refuse(reply, '帐号不可选 · this account cannot be chosen here')

  const { preAuthCode, redirectUri } = pageRequest
  deps.component.spendPreAuthCode(preAuthCode)
  const { authorizationCode, push } = deps.pushes.prepareAuthorization(account.appId, { preAuthCode })
  const { authorizedPushDelayMs, redirectDelayMs, authorizationCodeLifetimeSeconds } = deps.settings()
  deps.pauses.pause(authorizedPushDelayMs).then(push).catch(deps.onError)
  await deps.pauses.pause(redirectDelayMs)
  return reply.redirect(redirectTarget(redirectUri, authorizationCode, authorizationCodeLifetimeSeconds), 302)
}

function chosenAccount(choice: string, request: PageRequest, accounts: Accounts) {
  if (NEW_ACCOUNTS.includes(choice)) {
    return request.bizAppId === '' ? accounts.add({ isMiniProgram: choice === 'new-mini-program' }) : undefined
  }
  return offeredAccounts(accounts.all(), request).find(({ appId }) => appId === choice)
}

function choicePage(request: PageRequest, offered: ReturnType<Accounts['all']>, componentAppId: string): string {
  const hidden = Object.entries({
    component_appid: request.componentAppId,
    pre_auth_code: request.preAuthCode,
    redirect_uri: request.redirectUri.href,
    auth_type: request.authType,
    biz_appid: request.bizAppId,
  }).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)
  const choices = offered.map(
    (account) => html`<p><button class="primary" name="account" value="${account.appId}">
      ${account.nickName} · ${account.isMiniProgram ? '小程序 mini program' : '公众号 official account'}</button>
      <code class="quiet">${account.appId}</code></p>`,
  )
  const newAccounts = html`
    <p><button name="account" value="new-official-account">新建公众号 · new official account</button>
    <button name="account" value="new-mini-program">新建小程序 · new mini program</button></p>`
  return page(
    '授权 · Authorization',
    html`<h1>将帐号授权给第三方平台 · Authorize the platform</h1>
    <p class="quiet">模拟的微信页面 · WeChat's page, simulated. <code>${componentAppId}</code></p>
    <form method="post" style="display:block">${hidden}${choices}${request.bizAppId === '' ? newAccounts : ''}</form>`,
  )
}

function refuse(reply: FastifyReply, problem: string) {
  const body = html`<h1 class="bad">${problem}</h1>`
  return reply.code(400).type('text/html; charset=utf-8').send(page('授权失败 · Refused', body))
}

function readerDeps({ settings, component }: Deps) {
  return { settings, isPreAuthCodeUsable: component.isPreAuthCodeUsable }
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
