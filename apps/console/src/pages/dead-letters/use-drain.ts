// Owns: polling the number of dead letters while a worker replays or discards them. The API offers no progress of it.
import { useEffect, useRef, useState } from 'react'
import { useInvalidateSubscriptions, useStats } from '../../api/subscription-queries.ts'

const POLL_MS = 3000

/** After so many polls without a change the worker is done: the rest are new dead letters. */
const MAX_UNCHANGED = 3

/** `startPolling` polls the stats until there are no dead letters, or their number stops changing. */
export function useDrain(name: string) {
  const [isDraining, setDraining] = useState(false)
  const last = useRef({ count: -1, unchanged: 0 })
  const stats = useStats(name, isDraining ? POLL_MS : false)
  const invalidate = useInvalidateSubscriptions()
  const { dataUpdatedAt } = stats
  const count = stats.data?.deadLetters
  useEffect(() => {
    if (!isDraining || count === undefined) return
    const unchanged = count === last.current.count ? last.current.unchanged + 1 : 0
    last.current = { count, unchanged }
    if (count > 0 && unchanged < MAX_UNCHANGED) return
    setDraining(false)
    void invalidate()
    // dataUpdatedAt: after each poll, also when the count is the same.
  }, [isDraining, dataUpdatedAt])
  const startPolling = () => {
    last.current = { count: -1, unchanged: 0 }
    setDraining(true)
  }
  return { stats, isDraining, startPolling }
}
