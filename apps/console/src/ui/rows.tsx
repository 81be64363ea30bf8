// Owns: lists: a table on a desktop, cards on a phone; and lists that load page by page, by cursor.
import { type UseInfiniteQueryResult, useInfiniteQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Button } from 'tdesign-react/es/button'
import { consoleTexts } from '../texts/console.ts'
import { useTexts } from '../texts/language.ts'
import { Loading } from './loaded.tsx'
import { ErrorNotice } from './error-notice.tsx'
import { When } from './when.tsx'

export type Column<T> = {
  key: string
  head: ReactNode
  /** null: an empty cell, which a phone leaves out. */
  cell(row: T): ReactNode
  /** Aligned right. */
  isNumber?: boolean
  /** Breaks anywhere: addresses, paths, errors. */
  isLong?: boolean
}

type RowsProps<T> = {
  label: string
  columns: ReadonlyArray<Column<T>>
  rows: readonly T[]
  keyOf(row: T): string
  empty?: ReactNode
}

export function Rows<T>({ label, columns, rows, keyOf, empty }: RowsProps<T>) {
  const texts = useTexts(consoleTexts)
  if (rows.length === 0) return <div className="empty">{empty ?? texts.empty}</div>
  return (
    <table className="rows" aria-label={label}>
      <thead>
        <tr>
          {columns.map(({ key, head, isNumber }) => (
            <th key={key} scope="col" className={isNumber ? 'number' : undefined}>
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map((column) => (
              <Cell key={column.key} column={column} row={row} />
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Cell<T>({ column: { head, cell, isNumber, isLong }, row }: { column: Column<T>; row: T }) {
  const shown = cell(row)
  const isBlank = shown === null || shown === undefined
  const classes = [isNumber ? 'number' : '', isLong ? 'long' : '', isBlank ? 'blank' : ''].filter(Boolean).join(' ')
  return (
    <td className={classes || undefined}>
      <span className="cell-head" aria-hidden="true">
        {head}
      </span>
      <div className="cell">{isBlank ? <span className="muted">–</span> : shown}</div>
    </td>
  )
}

/** `scannedTo`: the time at which a search stopped at its bound. */
type PageOf<T> = { items: T[]; nextCursor: string | null; scannedTo?: string }
type Pages<T> = UseInfiniteQueryResult<{ pages: Array<PageOf<T>> }>

const FIRST: string | undefined = undefined

/** `fetchPage` gets the page's part of the query: its cursor, except for the first page. */
export function usePages<T>(
  key: readonly unknown[],
  fetchPage: (page: { cursor?: string }) => Promise<PageOf<T>>,
): Pages<T> {
  return useInfiniteQuery<PageOf<T>, Error, { pages: Array<PageOf<T>> }, readonly unknown[], string | undefined>({
    queryKey: key,
    queryFn: ({ pageParam }) => fetchPage(pageParam === undefined ? {} : { cursor: pageParam }),
    initialPageParam: FIRST,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  })
}

type PagedProps<T> = Omit<RowsProps<T>, 'rows'> & { pages: Pages<T> }

export function PagedRows<T>({ pages, ...props }: PagedProps<T>) {
  const texts = useTexts(consoleTexts)
  if (!pages.data)
    return pages.error ? <ErrorNotice error={pages.error} onRetry={() => void pages.refetch()} /> : <Loading />
  const rows = pages.data.pages.flatMap(({ items }) => items)
  const scannedTo = pages.hasNextPage ? pages.data.pages.at(-1)?.scannedTo : undefined
  return (
    <>
      {rows.length === 0 && scannedTo ? null : <Rows {...props} rows={rows} />}
      <div className="more line">
        {scannedTo ? (
          <span role="status">
            {texts.scanned} <When at={scannedTo} absolute />
          </span>
        ) : null}
        {pages.hasNextPage ? (
          <Button loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
            {scannedTo ? texts.goOn : texts.more}
          </Button>
        ) : null}
      </div>
    </>
  )
}
