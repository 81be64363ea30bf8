// Owns: indented JSON. The text is not parsed, so that numbers keep their digits: 64-bit ids exceed JavaScript's.

export function Json({ of }: { of: unknown }) {
  return <JsonText text={JSON.stringify(of)} />
}

/** Text that is no JSON is shown unchanged. */
export function JsonText({ text }: { text: string }) {
  return (
    // It scrolls: keyboards must be able to focus it.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <pre className="json" tabIndex={0}>
      {indented(text)}
    </pre>
  )
}

/** Indents by brackets, without parsing. */
function indented(text: string): string {
  if (!/^\s*[[{]/.test(text)) return text
  let depth = 0
  // The first alternative skips whole strings.
  return text.replaceAll(/"(?:[^"\\]|\\.)*"|[[{]\s*[\]}]|[[\]{},:]|\s+/g, (part) => {
    if (part.startsWith('"') || /^[[{]\s*[\]}]$/.test(part)) return part
    if (/^\s/.test(part)) return ''
    if (part === ':') return ': '
    if (part === ',') return `,\n${'  '.repeat(depth)}`
    if (part === '[' || part === '{') {
      depth += 1
      return `${part}\n${'  '.repeat(depth)}`
    }
    depth -= 1
    return `\n${'  '.repeat(Math.max(0, depth))}${part}`
  })
}
