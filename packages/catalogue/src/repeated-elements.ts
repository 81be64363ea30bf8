// Owns: the elements that WeChat may repeat, collected from the fields of all events.
import { catalogue } from './catalogue.ts'

export type RepeatedElement = {
  name: string
  /** undefined: any parent. `xml`: the root. */
  parent: string | undefined
  /** WeChat's names of the events that have it. */
  seenIn: readonly string[]
}

/** Sorted by name. Other elements may come twice, too: WeChat adds events. */
export const repeatedElements: readonly RepeatedElement[] = collect()

function collect(): RepeatedElement[] {
  const found = new Map<string, RepeatedElement & { seenIn: string[] }>()
  for (const { event, infoType, msgType, fields } of catalogue.events) {
    for (const { path, repeated } of fields) {
      if (repeated === undefined) continue
      const [name = path, parent = 'xml'] = path.split('.').reverse()
      const key = repeated === 'here' ? `${parent}>${name}` : name
      const element = found.get(key) ?? { name, parent: repeated === 'here' ? parent : undefined, seenIn: [] }
      found.set(key, element)
      element.seenIn.push(event ?? infoType ?? msgType ?? '')
    }
  }
  return [...found.values()].sort((left, right) => (left.name < right.name ? -1 : 1))
}
