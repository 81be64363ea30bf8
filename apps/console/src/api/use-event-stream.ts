// Owns: the hook that reads the stream of events while a component is mounted and `isOn`.
import { useEffect, useEffectEvent, useRef, useState } from 'react'
import { useSession } from '../session/session.ts'
import { followEvents, type StreamedEvent } from './event-stream.ts'

type StreamOptions = {
  isOn: boolean
  types?: string | undefined
  authorizers?: string | undefined
  onEvent(event: StreamedEvent): void
  onGap?(from: string | undefined): void
}

export type StreamState = 'off' | 'connecting' | 'live' | 'reconnecting' | 'refused'

/** Resumes after the last event, also after it was off and with another filter. */
export function useEventStream({ isOn, types, authorizers, ...handlers }: StreamOptions): {
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
    const abort = new AbortController()
    setState('connecting')
    setError(undefined)
    followEvents(
      { platform, types, authorizers },
      {
        signal: abort.signal,
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
      abort.abort()
      setState('off')
    }
  }, [isOn, platform, types, authorizers])
  return { state, error }
}
