// Owns: the frame and the style of the browser pages, and the security headers that fit them. Self-contained: nothing
// is loaded from anywhere, no script runs.
import { createHash } from 'node:crypto'
import type { FastifyHelmetOptions } from '@fastify/helmet'
import type { Config } from '@wxgw/runtime'
import { html, Html } from './html.ts'
import type { Language } from './visitor.ts'

const STYLE = `
:root{color-scheme:light dark;--ink:#1a1f1c;--soft:#5d6863;--paper:#fff;--ground:#eef2ef;--line:#dfe6e1;--green:#067a3f;--on-green:#fff;--warn:#a13a00}
@media (prefers-color-scheme:dark){:root{--ink:#e8efea;--soft:#a3b0a9;--paper:#1b211e;--ground:#111513;--line:#2e3833;--green:#3ecf82;--on-green:#06210f;--warn:#ffb38a}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:flex;align-items:center;justify-content:center;padding:1.5rem;background:var(--ground);color:var(--ink);
font:1rem/1.6 system-ui,-apple-system,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}
main{width:100%;max-width:40rem;background:var(--paper);border:1px solid var(--line);border-radius:1rem;padding:2rem}
h1{margin:0;font-size:1.5rem;line-height:1.3}h2{margin:0;font-size:1.05rem}
p{margin:.5rem 0}.hint{color:var(--soft)}.back{margin-top:1.5rem}
.ways{display:grid;gap:1.25rem;margin-top:1.5rem;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr))}
.way{border:1px solid var(--line);border-radius:.75rem;padding:1.25rem;display:flex;flex-direction:column;gap:.5rem}
form{margin-top:auto}.own form{margin-top:.5rem}
.button{display:block;width:100%;padding:.8rem 1rem;border:0;border-radius:.6rem;cursor:pointer;
background:var(--green);color:var(--on-green);font:inherit;font-weight:600;text-align:center;text-decoration:none}
.button:focus-visible{outline:3px solid var(--ink);outline-offset:3px}
.qr{background:#fff;border-radius:.6rem;padding:.5rem;align-self:center;width:12rem;max-width:100%}.qr svg{display:block;width:100%;height:auto}
dl{display:grid;grid-template-columns:auto 1fr;gap:.35rem 1rem;margin:1.5rem 0 0;padding:1.25rem;border:1px solid var(--line);border-radius:.75rem}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
.sets{margin:.25rem 0;padding-left:1.2rem}dd .sets{margin:0}
.warn{color:var(--warn)}code{font-size:.9em;overflow-wrap:anywhere}
@media (max-width:30rem){body{padding:.75rem}main{padding:1.25rem}dl{padding:1rem;gap:.35rem .75rem}}
`

const LANG: Record<Language, string> = { zh: 'zh-CN', en: 'en' }

/** `body` goes into the one <main>. */
export function page({ language, title, body }: { language: Language; title: string; body: Html }): string {
  return html`<!doctype html>
<html lang="${LANG[language]}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`.markup
}

/**
 * WeChat checks by the Referer that the visitor comes from the platform's own domain, so it must be sent; `origin`
 * keeps path and parameters out of it. Browsers apply `form-action` to the redirect that answers a form too, so both of
 * WeChat's pages are allowed. No HSTS: a page must not decide for the whole domain.
 */
export const pageHeaders = ({
  mpBaseUrl,
  openBaseUrl,
}: Pick<Config['wechat'], 'mpBaseUrl' | 'openBaseUrl'>): FastifyHelmetOptions => ({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      styleSrc: [`'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`],
      imgSrc: ['data:'],
      baseUri: ["'none'"],
      formAction: ["'self'", ...new Set([mpBaseUrl, openBaseUrl].map((url) => new URL(url).origin))],
      frameAncestors: ["'none'"],
    },
  },
  referrerPolicy: { policy: 'origin' },
  strictTransportSecurity: false,
  xFrameOptions: { action: 'deny' },
})
