// Owns: the names of permission sets (权限集) on the pages.
import { permissionSet } from '@wxgw/catalogue'
import { html, type Html } from './html.ts'
import type { Language } from './visitor.ts'

/** A list of them, or nothing when there are none. */
export function permissionSetList(ids: readonly number[], language: Language): Html | undefined {
  if (ids.length === 0) return undefined
  return html`<ul class="sets">${ids.map((id) => html`<li>${permissionSetName(id, language)}</li>`)}</ul>`
}

/** The name, or the number of a set that the catalogue does not know: WeChat adds sets. */
function permissionSetName(id: number, language: Language): string {
  const known = permissionSet(id)
  if (known) return language === 'zh' ? known.nameZh : known.nameEn
  return language === 'zh' ? `权限集 ${id}` : `Permission set ${id}`
}
