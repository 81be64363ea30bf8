// Owns: the page at `/`: accounts with buttons, the latest pushes, calls and customer service messages.
import type { FastifyInstance } from 'fastify'
import type { ApiCall } from '../api/call-log.ts'
import type { SentCustomMessage } from '../api/customer-service.ts'
import { type Html, html, page } from '../html.ts'
import type { PushResult } from '../push/pusher.ts'
import type { World } from '../world.ts'
import { type AccountState, stateOf } from './state.ts'

const MAX_SHOWN = 15

export function consolePage(world: World) {
  return async function register(app: FastifyInstance) {
    app.get('/', { exposeHeadRoute: false }, (_request, reply) =>
      reply.type('text/html; charset=utf-8').send(render(world)),
    )
  }
}

function render(world: World): string {
  const state = stateOf(world)
  const { eventUrl = '–', callbackUrl = '–' } = state.settings
  return page(
    '微信模拟器 · WeChat simulator',
    html`<h1>微信开放平台模拟器 · WeChat Open Platform simulator</h1>
      <p>
        第三方平台 component <code>${state.componentAppId}</code><br />
        授权事件接收URL <code>${eventUrl}</code><br />
        消息与事件接收URL <code>${callbackUrl}</code><br />
        <span class="quiet"
          >${state.now} · component_access_token ${state.componentTokenIsCurrent ? '有效 valid' : '无 none'}</span
        >
      </p>
      ${button('/_simulator/tickets', '推送验证票据 · push a ticket')}
      ${button('/_simulator/release-check', '全网发布检测 · release check')}
      <h2>帐号 · Accounts</h2>
      ${table(['帐号 account', '状态 state', '操作 actions'], state.accounts.map(accountRow))}
      ${button('/_simulator/accounts', '新建公众号 · new official account')}
      ${button('/_simulator/accounts', '新建小程序 · new mini program', hidden('isMiniProgram', 'true'))}
      <h2>推送 · Pushes</h2>
      ${table(['时间 time', '类型 kind', '结果 outcome', '回复 reply'], lastOf(world.pusher.recent, pushRow))}
      <h2>接口调用 · API calls</h2>
      ${table(['时间 time', '接口 api', '帐号 account', 'errcode', 'ms'], lastOf(world.calls.recent, callRow))}
      <h2>客服消息 · Customer service messages</h2>
      ${table(['时间 time', '帐号 account', 'touser', '消息 message'], lastOf(world.customerService.sent, messageRow))}`,
  )
}

function accountRow(account: AccountState): Html {
  const path = `/_simulator/accounts/${account.appId}`
  const kind = account.isMiniProgram ? '小程序' : '公众号'
  return html`<tr>
    <td>${account.nickName} <span class="quiet">${kind}</span><br><code>${account.appId} ${account.userName}</code></td>
    <td class="${account.authorized ? 'good' : 'quiet'}">${stateText(account)}</td>
    <td>
      ${button(`${path}/authorize`, '授权 · authorize')}
      ${account.authorized ? button(`${path}/unauthorize`, '取消授权 · unauthorize') : ''}
      ${button(`${path}/messages/text`, '发消息 · send', html`<input name="content" value="你好" aria-label="content" required />`)}
      ${button(`${path}/messages/event`, '关注 · subscribe', hidden('event', 'subscribe'))}
    </td>
  </tr>`
}

function stateText(account: AccountState): string {
  if (!account.authorized) return '未授权 not authorized'
  return account.exchanged ? '已授权 authorized' : '已授权，未换取 code not exchanged'
}

function pushRow(push: PushResult): Html {
  const last = push.attempts.at(-1)
  const outcome = push.ok
    ? html`<span class="good">成功 ok</span>`
    : html`<span class="bad">${push.skipped ?? (last?.failure === null ? '…' : (last?.detail ?? '…'))}</span>`
  return html`<tr><td>${push.at.slice(11, 19)}</td><td>${push.label} <code class="quiet">${push.appId ?? ''}</code></td>
    <td>${outcome} <span class="quiet">${push.attempts.length}× ${last?.ms ?? ''} ms</span></td>
    <td><code>${push.reply?.xml ?? ''}</code></td></tr>`
}

function callRow(call: ApiCall): Html {
  return html`<tr><td>${call.at.slice(11, 19)}</td><td>${call.api}</td><td><code>${call.appId ?? ''}</code></td>
    <td class="${call.errcode === 0 ? 'good' : 'bad'}">${call.errcode ?? '–'}</td><td>${call.ms ?? '…'}</td></tr>`
}

function messageRow(sent: SentCustomMessage): Html {
  return html`<tr>
    <td>${sent.at.slice(11, 19)}</td>
    <td><code>${sent.appId}</code></td>
    <td><code>${sent.touser}</code></td>
    <td><code>${JSON.stringify(sent.message[sent.msgtype])}</code></td>
  </tr>`
}

function lastOf<T>(items: readonly T[], row: (item: T) => Html): Html[] {
  return items.slice(-MAX_SHOWN).reverse().map(row)
}

function table(heads: readonly string[], rows: readonly Html[]): Html {
  return html`<table><tr>${heads.map((head) => html`<th>${head}</th>`)}</tr>${rows}</table>`
}

function hidden(name: string, value: string): Html {
  return html`<input type="hidden" name="${name}" value="${value}">`
}

function button(action: string, label: string, inputs: Html | '' = ''): Html {
  return html`<form method="post" action="${action}">${inputs}<button>${label}</button></form>`
}
