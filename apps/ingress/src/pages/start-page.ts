// Owns: how the authorize page looks: the two ways to WeChat's authorization page.
import { html, type Html } from './html.ts'
import { page } from './layout.ts'

type Content = {
  /** WeChat's page for PCs. */
  scancodeUrl: string
  /** WeChat's page for phones; opens inside WeChat only. */
  mobileUrl: string
  /** SVG of a QR code. */
  qrCode: Html
  expiresInSeconds: number
}

export function startPage({ scancodeUrl, mobileUrl, qrCode, expiresInSeconds }: Content): string {
  const minutes = Math.max(1, Math.floor(expiresInSeconds / 60))
  return page({
    title: '公众号 / 小程序授权 · Authorize your account',
    body: html`<h1>授权你的公众号或小程序</h1>
<p>请由账号管理员完成授权。</p>
<p class="en" lang="en">Authorize your official account or mini program. Only an administrator of the account can do this.</p>
<div class="ways">
<section class="way" aria-labelledby="pc">
<h2 id="pc">在电脑上</h2>
<p>打开微信授权页，用管理员的微信扫码。<br><span class="en" lang="en">On a computer: open WeChat's page and scan its code with the administrator's WeChat.</span></p>
<a class="button" href="${scancodeUrl}">前往微信授权 <span lang="en">Authorize</span></a>
</section>
<section class="way" aria-labelledby="phone">
<h2 id="phone">在手机微信里</h2>
<p>用微信扫描二维码；若已在微信中打开本页，直接点按按钮。<br><span class="en" lang="en">On a phone: scan this code with WeChat, or tap the button if you are in WeChat already.</span></p>
<div class="qr" role="img" aria-label="授权二维码 Authorization QR code">${qrCode}</div>
<a class="button" href="${mobileUrl}">在微信中授权 <span lang="en">Authorize in WeChat</span></a>
</section>
</div>
<p class="en">链接 ${minutes} 分钟内有效，过期请刷新本页。<span lang="en">Valid for ${minutes} minutes; reload this page afterwards.</span></p>`,
  })
}
