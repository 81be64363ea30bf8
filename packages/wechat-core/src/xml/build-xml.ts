// Owns: writing XML for WeChat. push/passive-reply.ts chooses the elements.
import { isDangerousName } from './markup.ts'

/** A tree to write: strings become CDATA, numbers stand bare, an array repeats its element. XmlTree is one of these. */
export type XmlSource = { readonly [name: string]: XmlSourceValue | undefined }
type XmlSourceValue = string | number | XmlSource | ReadonlyArray<string | number | XmlSource>

const NAME = /^[A-Za-z_][A-Za-z0-9_.-]*$/
// oxlint-disable-next-line no-control-regex -- the characters that XML 1.0 forbids, lone surrogates included
const ILLEGAL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff\p{Surrogate}]/gu

/**
 * One document without line breaks between elements. Members that are undefined are left out; characters that XML
 * forbids are dropped, `]]>` is split over two sections. Throws RangeError for a name that is no XML name or a number
 * that is not finite.
 */
export function buildXml(source: XmlSource, { root = 'xml' }: { root?: string } = {}): string {
  return element(root, source)
}

function element(name: string, value: XmlSourceValue): string {
  if (isList(value)) return value.map((one) => element(name, one)).join('')
  if (!NAME.test(name) || isDangerousName(name)) throw new RangeError('not a name of an XML element')
  return `<${name}>${content(value)}</${name}>`
}

// Array.isArray does not narrow readonly arrays.
function isList(value: XmlSourceValue): value is ReadonlyArray<string | number | XmlSource> {
  return Array.isArray(value)
}

function content(value: string | number | XmlSource): string {
  if (typeof value === 'string') return cdata(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new RangeError('not a number that XML can hold')
    return String(value)
  }
  let written = ''
  for (const [name, child] of Object.entries(value)) {
    if (child !== undefined) written += element(name, child)
  }
  return written
}

function cdata(text: string): string {
  return `<![CDATA[${text.replace(ILLEGAL, '').replaceAll(']]>', ']]]]><![CDATA[>')}]]>`
}
