// Owns: the page that shows an error in a browser, with a link back. Programs get JSON.
import type { ErrorCode } from '@wxgw/wechat-core'
import type { ErrorAnswer } from '@wxgw/runtime'
import { html } from './html.ts'
import { page } from './layout.ts'
import type { Language, Texts } from './visitor.ts'

const TRY_LATER: Texts = {
  zh: '服务暂时不可用，请稍后重试。',
  en: 'The service is not available right now. Please try again in a moment.',
}
const BAD_LINK: Texts = {
  zh: '链接不完整或已失效，请重新打开授权页面。',
  en: 'This link is incomplete or no longer valid. Please start again from the authorization page.',
}
const ADVICE: Partial<Record<ErrorCode, Texts>> = {
  INVALID_REQUEST: BAD_LINK,
  PLATFORM_NOT_FOUND: BAD_LINK,
  SESSION_NOT_FOUND: {
    zh: '没有这个授权链接，或它早已失效。请检查链接是否完整。',
    en: 'There is no such link, or it ended long ago. Please check that it is complete.',
  },
  AUTHORIZATION_CODE_INVALID: {
    zh: '授权码无效或已过期，请重新发起授权。',
    en: 'The authorization code is not valid or has expired. Please authorize again.',
  },
  RATE_LIMITED: { zh: '操作过于频繁，请一分钟后重试。', en: 'Too many requests. Please wait a minute and try again.' },
  WECHAT_API_TIMEOUT: {
    zh: '微信暂时没有响应，请稍后重试。',
    en: 'WeChat does not answer right now. Please try again in a moment.',
  },
  WECHAT_API_ERROR: {
    zh: '微信拒绝了本次请求，请稍后重试。',
    en: 'WeChat refused the request. Please try again later.',
  },
}

const TEXTS = {
  zh: { title: '授权未完成', error: '错误', errcode: '微信错误码', request: '请求编号', back: '返回授权页面' },
  en: {
    title: 'Not authorized',
    error: 'Error',
    errcode: "WeChat's errcode",
    request: 'Request',
    back: 'Back to the authorization page',
  },
} as const satisfies Record<Language, Record<string, string>>

type Content = {
  answer: ErrorAnswer
  requestId: string
  language: Language
  /** The URL to start the authorization again, relative to the page. */
  wayBack: string | undefined
}

export function errorPage({ answer: { code, refusal }, requestId, language, wayBack }: Content): string {
  const texts = TEXTS[language]
  return page({
    language,
    title: texts.title,
    body: html`<h1 class="warn">${texts.title}</h1>
<p>${(ADVICE[code] ?? TRY_LATER)[language]}</p>
<dl>
<dt>${texts.error}</dt><dd><code>${code}</code></dd>
${refusal && html`<dt>${texts.errcode}</dt><dd><code>${refusal.errcode}</code></dd>`}
<dt>${texts.request}</dt><dd><code>${requestId}</code></dd>
</dl>
${wayBack === undefined ? undefined : html`<p class="back"><a class="button" href="${wayBack}">${texts.back}</a></p>`}`,
  })
}
