// Owns: writing XML elements as WeChat's pushes have them: text in CDATA, numbers without.

/** `]]>` in the text is split over two sections. */
export function cdata(text: string): string {
  return `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`
}

/** `<name><![CDATA[text]]></name>` for a string, `<name>1</name>` for a number. */
export function element(name: string, value: string | number): string {
  return `<${name}>${typeof value === 'number' ? String(value) : cdata(value)}</${name}>`
}

/** Elements of one level. As in WeChat's pushes, only some are followed by a line feed: it finds parsers that go by line. */
export function elements(fields: ReadonlyArray<readonly [name: string, value: string | number]>): string {
  return fields.map(([name, value], index) => element(name, value) + (index < 3 ? '\n' : '')).join('')
}

export function rootOf(content: string): string {
  return `<xml>${content}</xml>`
}
