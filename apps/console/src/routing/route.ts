// Owns: the address behind the `#`: platform, page, what the page shows. No server and no proxy needs to know of it.
import { useSyncExternalStore } from 'react'

export type Route = { platform: string; page: string; rest: readonly string[]; query: URLSearchParams }
export type Query = Record<string, string | undefined>

function parseHash(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?')
  const [platform = '', page = '', ...rest] = path.split('/').map(decode)
  return { platform, page, rest, query: new URLSearchParams(query) }
}

/** `%` alone is no reason to show nothing. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Members that are empty or undefined are left out. */
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

/** The page stays, its filters change; back leads to the page before. */
export function changeQuery({ platform, page, rest, query }: Route, changes: Query): void {
  history.replaceState(null, '', hrefOf([platform, page, ...rest], { ...Object.fromEntries(query), ...changes }))
  dispatchEvent(new HashChangeEvent('hashchange'))
}

function onChange(listener: () => void): () => void {
  addEventListener('hashchange', listener)
  return () => removeEventListener('hashchange', listener)
}
