// Owns: which elements of events WeChat may repeat, read from the fields of all events.
import { catalogue } from './catalogue.ts'

export type RepeatedElement = {
  name: string
  /** undefined: below any parent. `xml` is the root. */
  parent: string | undefined
  /** Names of the events in which it is seen, as WeChat writes them. */
  seenIn: readonly string[]
}

/** By name. An element that is not among them may still come twice: WeChat adds events. */
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
