// Owns: the button of an action: an optional confirmation, the request, its result or error.
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { Button } from 'tdesign-react/es/button'
import { consoleTexts } from '../texts/console.ts'
import { useTexts } from '../texts/language.ts'
import { ErrorNotice } from './error-notice.tsx'

type ActionProps = {
  children: ReactNode
  run(): Promise<unknown>
  /** Text of the confirmation dialog; without it, a click runs the action. */
  confirm?: ReactNode
  theme?: 'default' | 'primary' | 'danger'
  isDisabled?: boolean
  /** Shown after success. */
  done?: ReactNode
}

export function Action({ children, run, confirm, theme = 'default', isDisabled = false, done }: ActionProps) {
  const texts = useTexts(consoleTexts)
  const [isConfirming, setConfirming] = useState(false)
  const { mutate, isPending, error, isSuccess, reset } = useMutation({ mutationFn: run })
  const start = () => {
    setConfirming(false)
    mutate()
  }
  return (
    <span className="action">
      <Button
        theme={theme}
        loading={isPending}
        disabled={isDisabled}
        onClick={confirm ? () => setConfirming(true) : start}
      >
        {children}
      </Button>
      {isSuccess && done ? (
        <span className="done" role="status">
          {done}
        </span>
      ) : null}
      {error ? (
        <Dialog title={texts.failed} onClose={reset}>
          <ErrorNotice error={error} />
        </Dialog>
      ) : null}
      {isConfirming ? (
        <Dialog
          title={children}
          onClose={() => setConfirming(false)}
          foot={
            <Button theme={theme === 'default' ? 'primary' : theme} onClick={start}>
              {texts.confirm}
            </Button>
          }
        >
          {confirm}
        </Dialog>
      ) : null}
    </span>
  )
}

type DialogProps = { title: ReactNode; onClose(): void; children: ReactNode; foot?: ReactNode }

/** The browser's own dialog: it traps the focus and closes with Esc. */
function Dialog({ title, onClose, children, foot }: DialogProps) {
  const texts = useTexts(consoleTexts)
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    dialog.current?.showModal()
  }, [])
  return (
    <dialog ref={dialog} className="dialog" onClose={onClose}>
      <h2>{title}</h2>
      <div className="stack">{children}</div>
      <div className="dialog-foot">
        <Button theme="default" onClick={onClose}>
          {foot ? texts.cancel : texts.close}
        </Button>
        {foot}
      </div>
    </dialog>
  )
}
