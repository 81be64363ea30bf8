// Owns: the page on which an authorization starts: a button that leads to WeChat and, on a computer, a QR code of the
// page itself.
import { html, type Html } from './html.ts'
import { page } from './layout.ts'
import { permissionSetList } from './permission-sets.ts'
import type { Language, Visitor } from './visitor.ts'

type Content = {
  visitor: Visitor
  /** Where the button posts to, relative to the page. */
  action: string
  /** SVG of the page's own address. */
  qrCode: Html | undefined
  /** Ids of the requested permission sets. */
  requestedSets: readonly number[]
}

const TEXTS = {
  zh: {
    title: '授权公众号或小程序',
    heading: '授权你的公众号或小程序',
    who: '请由该账号的管理员完成授权。点按按钮后，将在微信的页面上确认。',
    sets: '将请求以下权限：',
    computer: '在这台电脑上',
    scanThere: '在微信的授权页上，用管理员的微信扫码确认。',
    phone: '在手机上',
    otherPhone: '在另一台手机上',
    scanHere: '用管理员的微信扫描二维码，在手机上完成授权。',
    code: '本页的二维码',
    button: '前往微信授权',
    openInWeChat: '授权须在微信中进行：请在微信里打开本页，再点按按钮。',
  },
  en: {
    title: 'Authorize your account',
    heading: 'Authorize your official account or mini program',
    who: "Only an administrator of the account can do this. The button leads to WeChat's own page, where you confirm.",
    sets: 'You will be asked for:',
    computer: 'On this computer',
    scanThere: "On WeChat's page, scan the code with the administrator's WeChat and confirm.",
    phone: 'On a phone',
    otherPhone: 'On another phone',
    scanHere: "Scan this code with the administrator's WeChat and go on there.",
    code: 'QR code of this page',
    button: 'Continue to WeChat',
    openInWeChat: 'This works inside WeChat only: open this page in WeChat, then tap the button.',
  },
} as const satisfies Record<Language, Record<string, string>>

export function startPage({ visitor, action, qrCode, requestedSets }: Content): string {
  const { language, isPhone, isInWeChat } = visitor
  const texts = TEXTS[language]
  const sets = permissionSetList(requestedSets, language)
  const button = html`<form method="post" action="${action}"><button class="button">${texts.button}</button></form>`
  const own = isPhone
    ? html`<div class="own">${isInWeChat ? undefined : html`<p class="hint">${texts.openInWeChat}</p>`}${button}</div>`
    : html`<section class="way" aria-labelledby="computer"><h2 id="computer">${texts.computer}</h2>
<p>${texts.scanThere}</p>
${button}</section>`
  const other =
    qrCode &&
    html`<section class="way" aria-labelledby="phone"><h2 id="phone">${isPhone ? texts.otherPhone : texts.phone}</h2>
<p>${texts.scanHere}</p>
<div class="qr" role="img" aria-label="${texts.code}">${qrCode}</div></section>`
  return page({
    language,
    title: texts.title,
    body: html`<h1>${texts.heading}</h1>
<p>${texts.who}</p>
${sets && html`<p>${texts.sets}</p>${sets}`}
<div class="ways">
${own}
${other}
</div>`,
  })
}
