// Owns: the page of an authorization session that has ended. It shows no text of the session's caller.
import { html } from './html.ts'
import { page } from './layout.ts'
import type { Language } from './visitor.ts'

export type OverStatus = 'completed' | 'expired' | 'cancelled' | 'refused'

type Said = { title: string; said: string; next: string }

const TEXTS: Record<OverStatus, Record<Language, Said>> = {
  completed: {
    zh: { title: '授权已完成', said: '这个链接的授权已经完成。', next: '无需再做什么，可以关闭本页。' },
    en: {
      title: 'Already authorized',
      said: 'The authorization that this link is for is complete.',
      next: 'There is nothing left to do.',
    },
  },
  expired: {
    zh: { title: '链接已过期', said: '这个授权链接的有效期已过。', next: '请向发送链接的一方索取新的链接。' },
    en: {
      title: 'This link has expired',
      said: 'This link is past its time.',
      next: 'Please ask whoever sent it for a new one.',
    },
  },
  cancelled: {
    zh: { title: '链接已取消', said: '这个授权链接已被发送方取消。', next: '如有疑问，请联系发送链接的一方。' },
    en: {
      title: 'This link was cancelled',
      said: 'Whoever sent this link has cancelled it.',
      next: 'Please ask them if you did not expect this.',
    },
  },
  refused: {
    zh: {
      title: '账号不符',
      said: '授权的账号不是这个链接所指的账号，此链接不再有效。',
      next: '请联系发送链接的一方索取新的链接，并使用正确的账号授权。',
    },
    en: {
      title: 'Another account was expected',
      said: 'The account that authorized is not the one that this link is for. The link is over.',
      next: 'Please ask whoever sent it for a new one, and authorize the right account.',
    },
  },
}

export function overPage({ status, language }: { status: OverStatus; language: Language }): string {
  const { title, said, next } = TEXTS[status][language]
  return page({
    language,
    title,
    body: html`<h1${status === 'completed' ? undefined : html` class="warn"`}>${title}</h1>
<p>${said}</p>
<p>${next}</p>`,
  })
}
