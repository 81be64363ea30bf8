// Owns: HTML templates that escape their values.

/** HTML made by `html`. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Part = string | number | Html | ReadonlyArray<string | number | Html>

/** Escapes every value but Html, and joins lists. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(texts.map((text, index) => text + rendered(parts[index] ?? '')).join(''))
}

export function page(title: string, body: Html): string {
  return html`<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Html(STYLE)}</style>
</head>
<body><main>${body}</main></body>
</html>
`.text
}

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --green: #07c160; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0; }
main { max-width: 72rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
form { display: inline-flex; gap: .4rem; margin: .15rem .3rem .15rem 0; flex-wrap: wrap; }
button { border: 1px solid var(--green); border-radius: 4px; padding: .25rem .7rem; background: none; color: inherit; cursor: pointer; }
button.primary { background: var(--green); color: #fff; padding: .6rem 1.2rem; }
input { border: 1px solid var(--line); border-radius: 4px; padding: .25rem .5rem; font: inherit; }
code { font-size: .9em; overflow-wrap: anywhere; }
.bad { color: #d33; } .good { color: var(--green); } .quiet { opacity: .65; }
`

function rendered(part: Part): string {
  if (part instanceof Html) return part.text
  return typeof part === 'object' ? part.map(rendered).join('') : escapeHtml(String(part))
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
