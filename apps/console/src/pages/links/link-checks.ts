// Owns: the values of the form of a new link and their validation. The bounds are those of the route's schema.
import type { operations } from '../../api/schema.ts'
import { isAppid } from '../../ui/checks.ts'
import type { linkTexts } from './texts.ts'

export type NewLink = operations['createAuthorizationSession']['requestBody']['content']['application/json']

export const DEVICES = ['', 'mobile', 'scancode'] as const
export const KINDS = ['', '1', '2', '3', '6'] as const
export const LIFETIMES = ['3600', '86400', '604800', '2592000'] as const

export type Draft = {
  reference: string
  appid: string
  device: (typeof DEVICES)[number]
  kind: (typeof KINDS)[number]
  sets: string
  returnUrl: string
  lifetime: (typeof LIFETIMES)[number]
  tags: string
}

export type FieldErrors = Partial<Record<keyof Draft, string>>
type Texts = (typeof linkTexts)['zh']

const MAX_REFERENCE = 128
const MAX_URL = 2048
const MAX_TAGS = 20
const MAX_TAG_NAME = 64
const MAX_TAG_TEXT = 256
const SETS = /^[0-9]{1,6}(\|[0-9]{1,6}){0,99}$/

export function errorsOf(draft: Draft, { needsAppid, texts }: { needsAppid: boolean; texts: Texts }): FieldErrors {
  const { reference, appid, sets, returnUrl } = draft
  const errors: Record<keyof Draft, string | undefined> = {
    reference:
      lengthOf(reference.trim()) > MAX_REFERENCE
        ? texts.tooLong(MAX_REFERENCE)
        : reference.trim() === ''
          ? texts.referenceMissing
          : undefined,
    appid:
      appid === '' ? (needsAppid ? texts.appidNeeded : undefined) : isAppid(appid) ? undefined : texts.appidInvalid,
    sets: sets === '' || SETS.test(sets) ? undefined : texts.setsInvalid,
    returnUrl: returnUrl === '' || isWebUrl(returnUrl) ? undefined : texts.returnUrlInvalid,
    tags: tagsError(draft.tags, texts),
    device: undefined,
    kind: undefined,
    lifetime: undefined,
  }
  return Object.fromEntries(Object.entries(errors).filter(([, error]) => error !== undefined))
}

/** The draft must be valid. */
export function newLink({ reference, appid, device, kind, sets, returnUrl, lifetime, tags }: Draft): NewLink {
  return {
    reference: reference.trim(),
    expiresInSeconds: Number(lifetime),
    ...(appid === '' ? {} : { appid }),
    ...(device === '' ? {} : { type: device }),
    ...(kind === '' ? {} : { authType: Number(kind) }),
    ...(sets === '' ? {} : { categoryIdList: sets }),
    ...(returnUrl === '' ? {} : { returnUrl }),
    ...(tags.trim() === '' ? {} : { tags: Object.fromEntries(tagsOf(tags).map(({ name, text }) => [name, text])) }),
  }
}

/** In code points, as the schema counts. */
function lengthOf(text: string): number {
  return Array.from(text).length
}

function isWebUrl(text: string): boolean {
  return text.length <= MAX_URL && /^https?:\/\/[^/]/.test(text) && URL.canParse(text)
}

type Tag = { name: string; text: string; isPair: boolean; line: number }

function tagsOf(written: string): Tag[] {
  return written.split('\n').flatMap((whole, index) => {
    if (whole.trim() === '') return []
    const [name = '', ...rest] = whole.split('=')
    return [{ name: name.trim(), text: rest.join('=').trim(), isPair: rest.length > 0, line: index + 1 }]
  })
}

function tagsError(written: string, texts: Texts): string | undefined {
  const tags = tagsOf(written)
  const seen = new Set<string>()
  for (const { name, text, isPair, line } of tags) {
    const fits = lengthOf(name) <= MAX_TAG_NAME && lengthOf(text) <= MAX_TAG_TEXT
    if (!isPair || name === '' || !fits || seen.has(name)) return texts.tagsInvalid(line)
    seen.add(name)
  }
  return tags.length > MAX_TAGS ? texts.tooManyTags : undefined
}
