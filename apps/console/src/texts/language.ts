// Owns: the language of the console, and dictionaries with the same texts in both languages.
import { createContext, useContext } from 'react'

export type Language = 'zh' | 'en'
export const HTML_LANG: Record<Language, string> = { zh: 'zh-CN', en: 'en' }

type Dictionary<T> = Record<Language, T>

/** The compiler checks that both have the same members with the same parameters. */
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

/** The stored choice, else the browser's language, else Chinese. */
export function firstLanguage(): Language {
  const stored = localStorage.getItem(STORED)
  if (stored === 'zh' || stored === 'en') return stored
  const known = navigator.languages.map((name) => name.slice(0, 2)).find((name) => name === 'zh' || name === 'en')
  return known === 'en' ? 'en' : 'zh'
}

export function keepLanguage(language: Language): void {
  localStorage.setItem(STORED, language)
}
