// Owns: parsing the XML that a gateway answers. Every leaf is a string.
import { XMLParser, XMLValidator } from 'fast-xml-parser'

export type XmlFields = { [name: string]: XmlValue }
export type XmlValue = string | XmlFields | XmlValue[]

const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false,
  processEntities: false,
})

/** The children of the root `<xml>`; undefined for any other document, or one with a DOCTYPE. */
export function readXml(text: string): XmlFields | undefined {
  if (/<!DOCTYPE/i.test(text) || XMLValidator.validate(text) !== true) return undefined
  const document: unknown = parser.parse(text)
  const root = isRecord(document) ? document['xml'] : undefined
  return isRecord(root) ? withoutWhitespace(root) : undefined
}

/** The text of a leaf; '' when it is missing or not a leaf. */
export function textOf(fields: XmlFields, name: string): string {
  const value = fields[name]
  return typeof value === 'string' ? value : ''
}

function withoutWhitespace(node: Record<string, unknown>): XmlFields {
  const fields: XmlFields = {}
  for (const [name, value] of Object.entries(node)) if (name !== '#text') fields[name] = valueOf(value)
  return fields
}

function valueOf(value: unknown): XmlValue {
  if (Array.isArray(value)) return value.map(valueOf)
  return isRecord(value) ? withoutWhitespace(value) : String(value)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
