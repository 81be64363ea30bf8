// Owns: the stream of events as a part of a page uses it: open while the part is shown and wants it.
import { useEffect, useEffectEvent, useRef, useState } from 'react'
import { useSession } from '../session/session.ts'
import { followEvents, type StreamedEvent } from './event-stream.ts'

type Wanted = {
  isOn: boolean
  types?: string | undefined
  authorizers?: string | undefined
  onEvent(event: StreamedEvent): void
  onGap?(from: string | undefined): void
}

export type StreamState = 'off' | 'connecting' | 'live' | 'waiting' | 'refused'

/** Off and on again goes on after the last event; another filter, too. */
export function useEventStream({ isOn, types, authorizers, ...handlers }: Wanted): {
  state: StreamState
  error: unknown
} {
  const { platform } = useSession()
  const [state, setState] = useState<StreamState>('off')
  const [error, setError] = useState<unknown>()
  const position = useRef<string>(undefined)
  const onEvent = useEffectEvent(handlers.onEvent)
  const onGap = useEffectEvent((from: string | undefined) => handlers.onGap?.(from))
  useEffect(() => {
    if (!isOn) return undefined
    const ending = new AbortController()
    setState('connecting')
    setError(undefined)
    followEvents(
      { platform, types, authorizers },
      {
        signal: ending.signal,
        position: position.current,
        onPosition: (next) => {
          position.current = next
        },
        onState: setState,
        onEvent: (event) => onEvent(event),
        onGap: (from) => onGap(from),
      },
    ).catch((reason: unknown) => {
      setError(reason)
      setState('refused')
    })
    return () => {
      ending.abort()
      setState('off')
    }
  }, [isOn, platform, types, authorizers])
  return { state, error }
}
