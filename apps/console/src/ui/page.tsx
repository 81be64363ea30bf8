// Owns: the frame of a page and of its parts.
import { type ReactNode, useEffect } from 'react'
import { consoleTexts } from '../texts/console.ts'
import { useTexts } from '../texts/language.ts'

type PageProps = { title: ReactNode; name: string; actions?: ReactNode; lead?: ReactNode; children: ReactNode }

/** `name` stands in the browser's title. */
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

/** `flush`: what is inside reaches the edges. */
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

/** Names and what they are. */
export function Facts({ of }: { of: ReadonlyArray<readonly [name: ReactNode, value: ReactNode]> }) {
  return (
    <dl className="facts">
      {of.map(([name, value], index) => (
        // The list is the page's own, and never reordered.
        // oxlint-disable-next-line react/no-array-index-key
        <div key={index}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
