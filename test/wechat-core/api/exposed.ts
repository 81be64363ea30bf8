// Owns: finding in an error whatever a logger, a serializer or a debugger could print of it.
import { inspect } from 'node:util'

/** Everything readable in `value`: text, stack, JSON, inspection, and all properties, hidden and inherited ones included. */
export function exposed(value: unknown): string {
  const texts = [String(value), stringify(value), inspect(value, { depth: Infinity, showHidden: true, getters: true })]
  collect(value, texts, new Set())
  return texts.join('\n')
}

function collect(value: unknown, texts: string[], seen: Set<unknown>): void {
  if (typeof value === 'string') texts.push(value)
  if (value instanceof Uint8Array) texts.push(Buffer.from(value).toString('latin1'))
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return
  seen.add(value)
  for (const key of Reflect.ownKeys(value)) {
    texts.push(String(key))
    const descriptor = Object.getOwnPropertyDescriptor(value, key)
    collect(descriptor?.get ? Reflect.get(value, key) : descriptor?.value, texts, seen)
  }
}

function stringify(value: unknown): string {
  const seen = new Set<unknown>()
  return (
    JSON.stringify(value, (_key, inner: unknown) => {
      if (typeof inner !== 'object' || inner === null) return inner
      if (seen.has(inner)) return undefined
      seen.add(inner)
      return inner
    }) ?? ''
  )
}
