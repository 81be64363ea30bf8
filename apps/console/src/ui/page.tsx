// Owns: the layout of a page: its head, its cards, and lists of facts.
import { type ReactNode, useEffect } from 'react'
import { consoleTexts } from '../texts/console.ts'
import { useTexts } from '../texts/language.ts'

type PageProps = { title: ReactNode; name: string; actions?: ReactNode; lead?: ReactNode; children: ReactNode }

/** `name`: for the browser's title. */
export function Page({ title, name, actions, lead, children }: PageProps) {
  const { product } = useTexts(consoleTexts)
  useEffect(() => {
    document.title = `${name} · ${product}`
  }, [name, product])
  return (
    <>
      <header className="page-head">
        <div>
          <h1>{title}</h1>
          {lead ? <p className="muted">{lead}</p> : null}
        </div>
        {actions ? <div className="actions">{actions}</div> : null}
      </header>
      {children}
    </>
  )
}

type CardProps = { title?: ReactNode; actions?: ReactNode; children: ReactNode; flush?: boolean }

/** `flush`: without padding at the sides. */
export function Card({ title, actions, children, flush = false }: CardProps) {
  return (
    <section className={flush ? 'card card-flush' : 'card'}>
      {title || actions ? (
        <div className="card-head">
          {title ? <h2>{title}</h2> : <span />}
          {actions ? <div className="actions">{actions}</div> : null}
        </div>
      ) : null}
      <div className="card-body">{children}</div>
    </section>
  )
}

/** A list of names and values. */
export function Facts({ of }: { of: ReadonlyArray<readonly [name: ReactNode, value: ReactNode]> }) {
  return (
    <dl className="facts">
      {of.map(([name, value], index) => (
        // The list is static: its order never changes.
        // oxlint-disable-next-line react/no-array-index-key
        <div key={index}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
