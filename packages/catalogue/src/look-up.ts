// Owns: finding a row of the catalogue by its key. undefined: the catalogue does not have it, which forbids nothing.
import { catalogue } from './catalogue.ts'
import type { Api, CataloguedEvent, Errcode, PermissionSet } from './schemas.ts'

const permissionSets = new Map(catalogue.permissionSets.map((set) => [set.id, set]))
const events = new Map(catalogue.events.map((event) => [event.type, event]))
const errcodes = new Map(catalogue.errcodes.map((errcode) => [errcode.code, errcode]))
const apisByPath = new Map<string, Api[]>()
for (const api of catalogue.apis) apisByPath.set(api.path, [...(apisByPath.get(api.path) ?? []), api])

export function permissionSet(id: number): PermissionSet | undefined {
  return permissionSets.get(id)
}

export function eventOf(type: string): CataloguedEvent | undefined {
  return events.get(type)
}

export function errcode(code: number): Errcode | undefined {
  return errcodes.get(code)
}

/** `path` exactly as WeChat documents it: without host and query, case-sensitive. */
export function apiOf(method: string, path: string): Api | undefined {
  return apisAt(path).find((api) => api.method === method)
}

/** Of all methods. The rows of a path differ in method, titles and effect only. */
export function apisAt(path: string): readonly Api[] {
  return apisByPath.get(path) ?? []
}
