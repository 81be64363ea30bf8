// Owns: the module hook of Node.js that replaces the source of a module. It runs in a thread of its own, at start
// only.
import { TWINS } from './slow-twins.mjs'

let edits = []

export function initialize({ lane }) {
  edits = TWINS[lane].edits
}

export async function load(url, context, nextLoad) {
  const loaded = await nextLoad(url, context)
  const wanted = edits.filter(({ file }) => url.endsWith(`/${file}`))
  if (wanted.length === 0) return loaded
  let source = String(loaded.source)
  for (const { file, from, to } of wanted) {
    if (!source.includes(from)) throw new Error(`${file} has no "${from}" any more: change bench/lanes/slow-twins.mjs`)
    source = source.replace(from, to)
  }
  return { ...loaded, source }
}
