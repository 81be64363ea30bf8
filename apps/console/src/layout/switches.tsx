// Owns: the switches of language and theme.
import { useEffect, useState } from 'react'
import { consoleTexts } from '../texts/console.ts'
import { type Language, useLanguage, useTexts } from '../texts/language.ts'
import { Select } from '../ui/form.tsx'

export function LanguageSwitch({ onLanguage }: { onLanguage(language: Language): void }) {
  const other = useLanguage() === 'zh' ? 'en' : 'zh'
  return (
    <button type="button" className="quiet" lang={other === 'zh' ? 'zh-CN' : 'en'} onClick={() => onLanguage(other)}>
      {other === 'zh' ? '中文' : 'English'}
    </button>
  )
}

const STORED = 'wxgw.console.theme'
const THEMES = ['system', 'light', 'dark'] as const
type Theme = (typeof THEMES)[number]
const DARK = '(prefers-color-scheme: dark)'

export function ThemeSwitch() {
  const texts = useTexts(consoleTexts)
  const [theme, setTheme] = useState<Theme>(storedTheme)
  useEffect(() => {
    const system = matchMedia(DARK)
    const show = () => showTheme(theme === 'system' ? (system.matches ? 'dark' : 'light') : theme)
    show()
    localStorage.setItem(STORED, theme)
    system.addEventListener('change', show)
    return () => system.removeEventListener('change', show)
  }, [theme])
  return (
    <Select
      label={texts.theme}
      value={theme}
      onChange={(chosen) => setTheme(chosen)}
      options={THEMES.map((each) => [each, texts.themes[each]] as const)}
    />
  )
}

function storedTheme(): Theme {
  const stored = localStorage.getItem(STORED)
  return THEMES.find((each) => each === stored) ?? 'system'
}

/** TDesign's own attribute. */
function showTheme(theme: 'light' | 'dark'): void {
  document.documentElement.setAttribute('theme-mode', theme)
}
