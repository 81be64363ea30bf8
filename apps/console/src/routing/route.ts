// Owns: the address after the `#`: platform, page, and the page's own path and query. Servers and proxies do not see it.
import { useSyncExternalStore } from 'react'

export type Route = { platform: string; page: string; rest: readonly string[]; query: URLSearchParams }
export type Query = Record<string, string | undefined>

function parseHash(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?')
  const [platform = '', page = '', ...rest] = path.split('/').map(decode)
  return { platform, page, rest, query: new URLSearchParams(query) }
}

/** A malformed escape stays as it is. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Leaves out empty members of the query. */
export function hrefOf(path: readonly string[], query: Query = {}): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]))
  const search = new URLSearchParams(given).toString()
  return `#/${path.map(encodeURIComponent).join('/')}${search === '' ? '' : `?${search}`}`
}

export function useRoute(): Route {
  return parseHash(useSyncExternalStore(onChange, () => location.hash))
}

export function go(href: string): void {
  location.hash = href
}

/** The named members that are not empty. */
export function membersOf<Name extends string>(
  query: URLSearchParams,
  names: readonly Name[],
): Partial<Record<Name, string>> {
  const members: Partial<Record<Name, string>> = {}
  for (const name of names) {
    const value = query.get(name)
    if (value) members[name] = value
  }
  return members
}

/** The member when it is one of the values, else nothing. */
export function choiceOf<Name extends string, Value extends string>(
  query: URLSearchParams,
  name: Name,
  values: readonly Value[],
): Partial<Record<Name, Value>> {
  const value = values.find((each) => each === query.get(name))
  const choice: Partial<Record<Name, Value>> = {}
  if (value !== undefined) choice[name] = value
  return choice
}

/** Replaces the current address: back leads to the page before. */
export function changeQuery({ platform, page, rest, query }: Route, changes: Query): void {
  history.replaceState(null, '', hrefOf([platform, page, ...rest], { ...Object.fromEntries(query), ...changes }))
  dispatchEvent(new HashChangeEvent('hashchange'))
}

function onChange(listener: () => void): () => void {
  addEventListener('hashchange', listener)
  return () => removeEventListener('hashchange', listener)
}
