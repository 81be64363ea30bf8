// Owns: the pages on which an account's administrator confirms the authorization: PC, mobile, and mobile's old address.
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
  /** For what fails where nobody waits for it. */
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
  const asked = readPageRequest(fieldsOf(request.query), request.headers.referer, readingWith(deps))
  if ('problem' in asked) return refuse(reply, asked.problem)
  const offered = offeredAccounts(deps.accounts.all(), asked)
  return reply.type('text/html; charset=utf-8').send(choicePage(asked, offered, deps.settings().component.appId))
}

async function confirm(request: FastifyRequest, reply: FastifyReply, deps: Deps) {
  const fields = { ...fieldsOf(request.query), ...fieldsOf(request.body) }
  // The Referer of the confirmation is the page itself: where the visit came from was judged when the page was shown.
  const settings = () => ({ ...deps.settings(), authorizationDomains: undefined })
  const asked = readPageRequest(fields, undefined, { ...readingWith(deps), settings })
  if ('problem' in asked) return refuse(reply, asked.problem)
  const account = chosenAccount(typeof fields['account'] === 'string' ? fields['account'] : '', asked, deps.accounts)
  if (!account) return refuse(reply, '帐号不可选 · this account cannot be chosen here')

  deps.component.spendPreAuthCode(asked.preAuthCode)
  const { authorizationCode, push } = deps.pushes.prepareAuthorization(account.appId, {
    preAuthCode: asked.preAuthCode,
  })
  const { authorizedPushDelayMs, redirectDelayMs, authorizationCodeLifetimeSeconds } = deps.settings()
  deps.pauses.pause(authorizedPushDelayMs).then(push).catch(deps.onError)
  await deps.pauses.pause(redirectDelayMs)
  return reply.redirect(redirectTarget(asked.redirectUri, authorizationCode, authorizationCodeLifetimeSeconds), 302)
}

function chosenAccount(choice: string, asked: PageRequest, accounts: Accounts) {
  if (NEW_ACCOUNTS.includes(choice)) {
    return asked.bizAppId === '' ? accounts.add({ isMiniProgram: choice === 'new-mini-program' }) : undefined
  }
  return offeredAccounts(accounts.all(), asked).find(({ appId }) => appId === choice)
}

function choicePage(asked: PageRequest, offered: ReturnType<Accounts['all']>, componentAppId: string): string {
  const hidden = Object.entries({
    component_appid: asked.componentAppId,
    pre_auth_code: asked.preAuthCode,
    redirect_uri: asked.redirectUri.href,
    auth_type: asked.authType,
    biz_appid: asked.bizAppId,
  }).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)
  const choices = offered.map(
    (account) => html`<p><button class="primary" name="account" value="${account.appId}">
      ${account.nickName} · ${account.isMiniProgram ? '小程序 mini program' : '公众号 official account'}</button>
      <code class="quiet">${account.appId}</code></p>`,
  )
  const fresh = html`
    <p><button name="account" value="new-official-account">新建公众号 · new official account</button>
    <button name="account" value="new-mini-program">新建小程序 · new mini program</button></p>`
  return page(
    '授权 · Authorization',
    html`<h1>将帐号授权给第三方平台 · Authorize the platform</h1>
    <p class="quiet">模拟的微信页面 · WeChat's page, simulated. <code>${componentAppId}</code></p>
    <form method="post" style="display:block">${hidden}${choices}${asked.bizAppId === '' ? fresh : ''}</form>`,
  )
}

function refuse(reply: FastifyReply, problem: string) {
  const body = html`<h1 class="bad">${problem}</h1>`
  return reply.code(400).type('text/html; charset=utf-8').send(page('授权失败 · Refused', body))
}

function readingWith({ settings, component }: Deps) {
  return { settings, isPreAuthCodeUsable: component.isPreAuthCodeUsable }
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
