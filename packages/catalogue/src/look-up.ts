// Owns: finding a row of the catalogue by what identifies it. What is not in it is undefined, and passes.
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

/** The path exactly as WeChat documents it: without host and query, case matters. */
export function apiOf(method: string, path: string): Api | undefined {
  return apisAt(path).find((api) => api.method === method)
}

/** By any method. The rows of one path agree on all but method, titles and effect. */
export function apisAt(path: string): readonly Api[] {
  return apisByPath.get(path) ?? []
}
