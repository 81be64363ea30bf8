// Owns: writing elements the way WeChat's pushes carry them: CDATA around text, none around numbers.

/** Text in CDATA; `]]>` inside is split over two sections. */
export function cdata(text: string): string {
  return `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`
}

/** `<name><![CDATA[text]]></name>` for a string, `<name>1</name>` for a number. */
export function element(name: string, value: string | number): string {
  return `<${name}>${typeof value === 'number' ? String(value) : cdata(value)}</${name}>`
}

/**
 * Elements of one level. WeChat puts line feeds between some elements and none between others,
 * so the first three lines are broken and the rest is not: whoever parses by line is found out.
 */
export function elements(fields: ReadonlyArray<readonly [name: string, value: string | number]>): string {
  return fields.map(([name, value], index) => element(name, value) + (index < 3 ? '\n' : '')).join('')
}

export function rootOf(content: string): string {
  return `<xml>${content}</xml>`
}
