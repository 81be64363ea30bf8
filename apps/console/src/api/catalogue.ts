// Owns: the catalogue (permission sets, events, APIs, errcodes), fetched once, when a page first needs it.
import { useQuery } from '@tanstack/react-query'
import { type Language, useLanguage } from '../texts/language.ts'
import { api, dataOf } from './client.ts'
import type { operations } from './schema.ts'

export type Catalogue = operations['getCatalogue']['responses'][200]['content']['application/json']
export type PermissionSet = Catalogue['permissionSets'][number]
export type KnownApi = Catalogue['apis'][number]

export function useCatalogue() {
  return useQuery({
    queryKey: ['catalogue'],
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
    queryFn: () => dataOf(api.GET('/catalogue', {})),
  })
}

export function nameOfSet({ nameZh, nameEn }: PermissionSet, language: Language): string {
  return language === 'zh' ? nameZh : nameEn
}

/** The set's name, or its number when the catalogue does not have it. */
export function useSetName(): (id: number) => string {
  const { data } = useCatalogue()
  const language = useLanguage()
  return (id) => {
    const known = data?.permissionSets.find((set) => set.id === id)
    return known ? nameOfSet(known, language) : `#${id}`
  }
}
