// Owns: an error as a person in a browser gets to see it. Programs get JSON.
import type { ErrorCode } from '@wxgw/wechat-core'
import type { ErrorAnswer } from '@wxgw/runtime'
import { html } from './html.ts'
import { page } from './layout.ts'

type Advice = { zh: string; en: string }

const TRY_LATER: Advice = { zh: '服务暂时不可用，请稍后重试。', en: 'The service is not available right now. Please try again in a moment.' }
const BAD_LINK: Advice = { zh: '链接不完整或已失效，请重新打开授权页面。', en: 'This link is incomplete or no longer valid. Please start again from the authorization page.' }
const ADVICE: Partial<Record<ErrorCode, Advice>> = {
  INVALID_REQUEST: BAD_LINK,
  PLATFORM_NOT_FOUND: BAD_LINK,
  AUTHORIZATION_CODE_INVALID: {
    zh: '授权码无效或已过期，请重新发起授权。',
    en: 'The authorization code is not valid or has expired. Please authorize again.',
  },
  RATE_LIMITED: { zh: '访问过于频繁，请稍后重试。', en: 'Too many requests. Please wait a minute and try again.' },
  WECHAT_API_TIMEOUT: { zh: '微信暂时没有响应，请稍后重试。', en: 'WeChat does not answer right now. Please try again in a moment.' },
  WECHAT_API_ERROR: { zh: '微信拒绝了本次请求，请稍后重试。', en: 'WeChat refused the request. Please try again later.' },
}

export function errorPage({ code, refusal }: ErrorAnswer, requestId: string): string {
  const { zh, en } = ADVICE[code] ?? TRY_LATER
  return page({
    title: '授权未完成 · Not authorized',
    body: html`<h1 class="warn">授权未完成</h1>
<p>${zh}</p>
<p class="en" lang="en">${en}</p>
<dl>
<dt>错误 <span lang="en">Error</span></dt><dd><code>${code}</code></dd>
${refusal ? html`<dt>微信错误码 <span lang="en">errcode</span></dt><dd><code>${refusal.errcode}</code></dd>` : undefined}
<dt>请求 <span lang="en">Request</span></dt><dd><code>${requestId}</code></dd>
</dl>`,
  })
}
