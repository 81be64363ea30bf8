// Owns: a text with a button that copies it.
import { useRef, useState } from 'react'
import { Button } from 'tdesign-react/es/button'
import { consoleTexts } from '../texts/console.ts'
import { useTexts } from '../texts/language.ts'

export function CopyText({ label, text }: { label: string; text: string }) {
  const texts = useTexts(consoleTexts)
  const field = useRef<HTMLInputElement>(null)
  const [isCopied, setCopied] = useState(false)
  // Browsers offer no clipboard without TLS except on loopback: the text is selected, so that the reader can copy it.
  const copy = () => {
    field.current?.select()
    navigator.clipboard?.writeText(text).then(
      () => setCopied(true),
      () => setCopied(false),
    )
  }
  return (
    <div className="copy">
      <input
        ref={field}
        className="copy-text"
        readOnly
        value={text}
        aria-label={label}
        onFocus={({ target }) => target.select()}
      />
      <Button theme="default" onClick={copy}>
        {texts.copy}
      </Button>
      {isCopied ? (
        <span className="done" role="status">
          {texts.copied}
        </span>
      ) : null}
    </div>
  )
}
