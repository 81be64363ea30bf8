// Owns: watching the dead letters of a subscription become fewer while a worker takes them: the routes answer no job
// to ask for.
import { useEffect, useRef, useState } from 'react'
import { useReadAgain, useStats } from '../../api/subscription-queries.ts'

const EVERY_MS = 3000

/** A worker that takes none in so many reads has nothing left to take: what there is came since. */
const MAX_UNCHANGED = 3

/** After `watch` the stats are read every few seconds, until there are none, or they do not change any more. */
export function useFall(name: string) {
  const [isFalling, setFalling] = useState(false)
  const before = useRef({ left: -1, unchanged: 0 })
  const stats = useStats(name, isFalling ? EVERY_MS : false)
  const readAgain = useReadAgain()
  const { dataUpdatedAt } = stats
  const left = stats.data?.deadLetters
  useEffect(() => {
    if (!isFalling || left === undefined) return
    const unchanged = left === before.current.left ? before.current.unchanged + 1 : 0
    before.current = { left, unchanged }
    if (left > 0 && unchanged < MAX_UNCHANGED) return
    setFalling(false)
    void readAgain()
    // Of each read one, also when it read the same.
  }, [isFalling, dataUpdatedAt])
  const watch = () => {
    before.current = { left: -1, unchanged: 0 }
    setFalling(true)
  }
  return { stats, isFalling, watch }
}
