// Owns: what the pages read about a visitor: the language, the device, and whether WeChat's own browser shows the page.
import type { FastifyRequest } from 'fastify'

export type Language = 'zh' | 'en'
/** One text in both languages. */
export type Texts = Readonly<Record<Language, string>>

export type Visitor = { language: Language; isPhone: boolean; isInWeChat: boolean }

const PHONE = /Mobile|Android|iPhone|iPad|iPod|Harmony|MicroMessenger/i
/** WeChat for computers has MicroMessenger in its user agent too. */
const COMPUTER = /Windows NT|Macintosh|X11|WindowsWechat|MacWechat/i

export function visitorOf({ headers }: Pick<FastifyRequest, 'headers'>): Visitor {
  const agent = headers['user-agent'] ?? ''
  return {
    language: preferredLanguage(headers['accept-language']),
    isPhone: headers['sec-ch-ua-mobile'] === '?1' || (PHONE.test(agent) && !COMPUTER.test(agent)),
    isInWeChat: /MicroMessenger/i.test(agent),
  }
}

/**
 * Chinese without the header; English when the header names neither.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-12.5.4
 */
function preferredLanguage(header: string | undefined): Language {
  const ranges = (header ?? '').split(',').flatMap((range) => {
    const [name = '', ...parameters] = range.trim().toLowerCase().split(';')
    const quality = parameters.map((parameter) => /^\s*q=([01](?:\.\d{1,3})?)\s*$/.exec(parameter)?.[1]).find(Boolean)
    return name === '' ? [] : [{ name: name.trim(), quality: Number(quality ?? 1) }]
  })
  const wanted = ranges.filter(({ quality }) => quality > 0).toSorted((left, right) => right.quality - left.quality)
  if (wanted.every(({ name }) => name === '*')) return 'zh'
  const known = wanted.find(({ name }) => /^(zh|en)(-|$)/.test(name))
  return known?.name.startsWith('zh') === true ? 'zh' : 'en'
}
