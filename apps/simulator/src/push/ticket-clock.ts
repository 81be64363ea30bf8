// Owns: the interval of component_verify_ticket pushes, and whether the ticket service has been started.
import type { Settings } from '../settings.ts'

export type TicketClock = {
  /** Pushes at once, then by the interval; 0 pushes nothing. A repeated call restarts it. */
  start(): void
  stop(): void
  /** api_start_push_ticket. */
  startService(): 'started' | 'running'
}

type Deps = {
  settings: () => Settings
  /** Resolves to whether the gateway acknowledged it. */
  pushTicket: () => Promise<boolean>
  onFailure: (error: unknown) => void
}

export function createTicketClock({ settings, pushTicket, onFailure }: Deps): TicketClock {
  let timer: NodeJS.Timeout | undefined
  let serviceRuns = false
  let generation = 0

  async function tick(ofGeneration: number) {
    const ok = await pushTicket()
    if (ofGeneration !== generation || settings().ticketIntervalSeconds === 0) return
    const { ticketIntervalSeconds, ticketRetrySeconds } = settings()
    const seconds = ok ? ticketIntervalSeconds : Math.min(ticketRetrySeconds, ticketIntervalSeconds)
    timer = setTimeout(() => run(ofGeneration), seconds * 1000)
  }

  function run(ofGeneration: number) {
    tick(ofGeneration).catch(onFailure)
  }

  function stop() {
    generation += 1
    clearTimeout(timer)
  }

  return {
    start: () => {
      stop()
      serviceRuns = settings().ticketIntervalSeconds > 0
      if (serviceRuns) run(generation)
    },
    stop,
    startService: () => {
      const state = serviceRuns ? 'running' : 'started'
      serviceRuns = true
      if (settings().pushTicketOnStart) pushTicket().catch(onFailure)
      return state
    },
  }
}
