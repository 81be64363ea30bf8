// Owns: lists: a table on a desktop, cards on a phone, paged by cursor; never all at once.
import { type UseInfiniteQueryResult, useInfiniteQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Button } from 'tdesign-react/es/button'
import { consoleTexts } from '../texts/console.ts'
import { useTexts } from '../texts/language.ts'
import { Waiting } from './loaded.tsx'
import { Problem } from './problem.tsx'
import { When } from './when.tsx'

export type Column<T> = {
  key: string
  head: ReactNode
  /** null: there is nothing to show; on a phone the cell is left out. */
  cell(row: T): ReactNode
  /** Right-aligned digits. */
  isNumber?: boolean
  /** May be broken anywhere: addresses, paths, errors. */
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
  const looks = [isNumber ? 'number' : '', isLong ? 'long' : '', isBlank ? 'blank' : ''].filter(Boolean).join(' ')
  return (
    <td className={looks || undefined}>
      <span className="cell-head" aria-hidden="true">
        {head}
      </span>
      <div className="cell">{isBlank ? <span className="muted">–</span> : shown}</div>
    </td>
  )
}

/** `scannedTo`: down to which time a search came that its bound has cut. */
type PageOf<T> = { items: T[]; nextCursor: string | null; scannedTo?: string }
type Pages<T> = UseInfiniteQueryResult<{ pages: Array<PageOf<T>> }>

const FIRST: string | undefined = undefined

/** `read` gets the cursor of the page. */
export function usePages<T>(
  key: readonly unknown[],
  read: (cursor: string | undefined) => Promise<PageOf<T>>,
): Pages<T> {
  return useInfiniteQuery<PageOf<T>, Error, { pages: Array<PageOf<T>> }, readonly unknown[], string | undefined>({
    queryKey: key,
    queryFn: ({ pageParam }) => read(pageParam),
    initialPageParam: FIRST,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  })
}

type PagedProps<T> = Omit<RowsProps<T>, 'rows'> & { pages: Pages<T> }

export function PagedRows<T>({ pages, ...props }: PagedProps<T>) {
  const texts = useTexts(consoleTexts)
  if (!pages.data)
    return pages.error ? <Problem error={pages.error} onRetry={() => void pages.refetch()} /> : <Waiting />
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
