// Owns: decoding `&amp;` and the like in text outside CDATA. A document cannot declare entities of its own.

const PREDEFINED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const REFERENCE = /&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9a-fA-F]{1,6}));/g

/**
 * Decodes the five predefined entities and numeric references, once. Anything else, and references to no XML character,
 * stay as written.
 */
export function decodeReferences(text: string): string {
  if (!text.includes('&')) return text
  // oxlint-disable-next-line max-params -- the signature of String.replace
  return text.replace(REFERENCE, (written: string, name?: string, decimal?: string, hex?: string) => {
    if (name !== undefined) return PREDEFINED[name] ?? written
    const codePoint = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number.parseInt(decimal, 10)
    return isXmlCharacter(codePoint) ? String.fromCodePoint(codePoint) : written
  })
}

/** `Char` of XML 1.0: no controls but tab and line ends, no surrogates, no U+FFFE and U+FFFF. */
function isXmlCharacter(codePoint: number): boolean {
  return (
    codePoint === 0x9 ||
    codePoint === 0xa ||
    codePoint === 0xd ||
    (codePoint >= 0x20 && codePoint <= 0xd7ff) ||
    (codePoint >= 0xe000 && codePoint <= 0xfffd) ||
    (codePoint >= 0x10000 && codePoint <= 0x10ffff)
  )
}
