// Owns: the button of an action. It waits for the gateway, shows the result, and asks before what cannot be undone.
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { Button } from 'tdesign-react/es/button'
import { consoleTexts } from '../texts/console.ts'
import { useTexts } from '../texts/language.ts'
import { Problem } from './problem.tsx'

type ActionProps = {
  children: ReactNode
  run(): Promise<unknown>
  /** What is asked before; without it, it is done at once. */
  confirm?: ReactNode
  theme?: 'default' | 'primary' | 'danger'
  isDisabled?: boolean
  /** Said when it is done. */
  done?: ReactNode
}

export function Action({ children, run, confirm, theme = 'default', isDisabled = false, done }: ActionProps) {
  const texts = useTexts(consoleTexts)
  const [isAsking, setAsking] = useState(false)
  const { mutate, isPending, error, isSuccess, reset } = useMutation({ mutationFn: run })
  const start = () => {
    setAsking(false)
    mutate()
  }
  return (
    <span className="action">
      <Button theme={theme} loading={isPending} disabled={isDisabled} onClick={confirm ? () => setAsking(true) : start}>
        {children}
      </Button>
      {isSuccess && done ? (
        <span className="done" role="status">
          {done}
        </span>
      ) : null}
      {error ? (
        <Sheet title={texts.failed} onClose={reset}>
          <Problem error={error} />
        </Sheet>
      ) : null}
      {isAsking ? (
        <Sheet
          title={children}
          onClose={() => setAsking(false)}
          foot={
            <Button theme={theme === 'default' ? 'primary' : theme} onClick={start}>
              {texts.confirm}
            </Button>
          }
        >
          {confirm}
        </Sheet>
      ) : null}
    </span>
  )
}

type SheetProps = { title: ReactNode; onClose(): void; children: ReactNode; foot?: ReactNode }

/** A dialog of the browser's own: keeps the focus inside, closes with Esc. */
function Sheet({ title, onClose, children, foot }: SheetProps) {
  const texts = useTexts(consoleTexts)
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    dialog.current?.showModal()
  }, [])
  return (
    <dialog ref={dialog} className="sheet" onClose={onClose}>
      <h2>{title}</h2>
      <div className="stack">{children}</div>
      <div className="sheet-foot">
        <Button theme="default" onClick={onClose}>
          {foot ? texts.cancel : texts.close}
        </Button>
        {foot}
      </div>
    </dialog>
  )
}
