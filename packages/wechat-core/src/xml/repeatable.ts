// Owns: which elements are arrays even when they occur once, because WeChat may repeat them (by the catalogue).
// Consumers see one shape.
import { repeatedElements } from '@wxgw/catalogue'
import type { XmlTree, XmlValue } from './tree.ts'

const ANYWHERE: ReadonlySet<string> = new Set(
  repeatedElements.flatMap(({ name, parent }) => (parent === undefined ? [name] : [])),
)
/** For names too general to be forced everywhere: `parent>name`, the root being `xml`. */
const BELOW: ReadonlySet<string> = new Set(
  repeatedElements.flatMap(({ name, parent }) => (parent ? [`${parent}>${name}`] : [])),
)
/** The names alone, checked first: joining two names costs more than the rest of reading an element. */
const BELOW_SOME: ReadonlySet<string> = new Set([...BELOW].map((path) => path.slice(path.indexOf('>') + 1)))

/** Whether `name` below `parent` is always an array. */
export function isRepeatable(parent: string, name: string): boolean {
  return ANYWHERE.has(name) || (BELOW_SOME.has(name) && BELOW.has(`${parent}>${name}`))
}

/**
 * `PicList` exists in two shapes: one list of several `item`, and several lists of one `item` each. Both become one
 * list: `PicList: { item: [...] }`. Anything else that is repeated is left as it is.
 */
export function joinedPicLists(values: readonly (string | XmlTree)[]): XmlValue | undefined {
  const joined: Array<string | XmlTree> = []
  for (const value of values) {
    // An empty <PicList/> is the empty string.
    if (value === '') continue
    if (typeof value === 'string' || Object.keys(value).join() !== 'item' || !Array.isArray(value['item']))
      return undefined
    // One by one: the number of arguments of a call is limited.
    for (const item of value['item']) joined.push(item)
  }
  return joined.length === 0 ? '' : { item: joined }
}
