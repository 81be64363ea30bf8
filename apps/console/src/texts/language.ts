// Owns: in which language the console speaks, and that no dictionary lacks a text of the other.
import { createContext, useContext } from 'react'

export type Language = 'zh' | 'en'
export const LANGUAGES = ['zh', 'en'] as const
export const HTML_LANG: Record<Language, string> = { zh: 'zh-CN', en: 'en' }

export type Dictionary<T> = Record<Language, T>

/** Both have the same members, of the same parameters: the compiler insists. */
export function dictionary<T>(zh: T, en: NoInfer<T>): Dictionary<T> {
  return { zh, en }
}

export const LanguageContext = createContext<Language>('zh')

export function useLanguage(): Language {
  return useContext(LanguageContext)
}

export function useTexts<T>(texts: Dictionary<T>): T {
  return texts[useLanguage()]
}

const STORED = 'wxgw.console.language'

/** What was chosen before, or else the browser's, or else Chinese. */
export function firstLanguage(): Language {
  const stored = localStorage.getItem(STORED)
  if (stored === 'zh' || stored === 'en') return stored
  const known = navigator.languages.map((name) => name.slice(0, 2)).find((name) => name === 'zh' || name === 'en')
  return known === 'en' ? 'en' : 'zh'
}

export function keepLanguage(language: Language): void {
  localStorage.setItem(STORED, language)
}
