// Owns: JSON as text. Numbers stay as they came: a 64-bit id has no room in a JavaScript number.

export function Json({ of }: { of: unknown }) {
  return <JsonText text={JSON.stringify(of)} />
}

/** Of whatever text: what is no JSON is shown as it is. */
export function JsonText({ text }: { text: string }) {
  return (
    // It scrolls, so it can be reached by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <pre className="json" tabIndex={0}>
      {indented(text)}
    </pre>
  )
}

/** By its brackets alone, never parsed; what is no JSON comes out as it is. */
function indented(text: string): string {
  if (!/^\s*[[{]/.test(text)) return text
  let depth = 0
  // Strings are passed over whole.
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
