// Owns: the filters above a list: on a phone they are folded, unless one is set.
import { type ReactNode, useState } from 'react'
import { consoleTexts } from '../texts/console.ts'
import { useTexts } from '../texts/language.ts'

const IS_WIDE = '(width >= 860px)'

export function Filters({ isSet, children }: { isSet: boolean; children: ReactNode }) {
  const texts = useTexts(consoleTexts)
  const [isOpen] = useState(() => isSet || matchMedia(IS_WIDE).matches)
  return (
    <details className="card filters-fold" open={isOpen}>
      <summary>{texts.filters}</summary>
      <div className="card-body">{children}</div>
    </details>
  )
}
