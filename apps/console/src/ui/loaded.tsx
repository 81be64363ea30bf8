// Owns: rendering a query: its data, its error, or that it loads.
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { consoleTexts } from '../texts/console.ts'
import { useTexts } from '../texts/language.ts'
import { ErrorNotice } from './error-notice.tsx'

type Props<T> = { query: UseQueryResult<T>; children: (data: T) => ReactNode }

export function Loaded<T>({ query, children }: Props<T>) {
  if (query.data !== undefined) return children(query.data)
  if (query.error) return <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />
  return <Loading />
}

export function Loading() {
  const { loading } = useTexts(consoleTexts)
  return (
    <p className="loading" role="status">
      {loading}
    </p>
  )
}
