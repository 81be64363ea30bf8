// Owns: the filters above a list. On a phone, FoldedFilters are closed unless one is set.
import { type ReactNode, useState } from 'react'
import { Button } from 'tdesign-react/es/button'
import { consoleTexts } from '../texts/console.ts'
import { useTexts } from '../texts/language.ts'

const IS_WIDE = '(width >= 860px)'

export function FoldedFilters({ isSet, children }: { isSet: boolean; children: ReactNode }) {
  const texts = useTexts(consoleTexts)
  const [isOpen] = useState(() => isSet || matchMedia(IS_WIDE).matches)
  return (
    <details className="card filters-fold" open={isOpen}>
      <summary>{texts.filters}</summary>
      <div className="card-body">{children}</div>
    </details>
  )
}

/** The fields, and a button that calls `onSearch`, as Enter does. */
export function FilterForm({ onSearch, children }: { onSearch(): void; children: ReactNode }) {
  const texts = useTexts(consoleTexts)
  return (
    <form
      className="filters"
      role="search"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        onSearch()
      }}
    >
      {children}
      <Button type="submit">{texts.search}</Button>
    </form>
  )
}
