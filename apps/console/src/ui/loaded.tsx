// Owns: what stands where an answer is awaited, where it was refused, and where it is.
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { consoleTexts } from '../texts/console.ts'
import { useTexts } from '../texts/language.ts'
import { Problem } from './problem.tsx'

type Props<T> = { query: UseQueryResult<T>; children: (data: T) => ReactNode }

export function Loaded<T>({ query, children }: Props<T>) {
  if (query.data !== undefined) return children(query.data)
  if (query.error) return <Problem error={query.error} onRetry={() => void query.refetch()} />
  return <Waiting />
}

export function Waiting() {
  const { loading } = useTexts(consoleTexts)
  return (
    <p className="waiting" role="status">
      {loading}
    </p>
  )
}
