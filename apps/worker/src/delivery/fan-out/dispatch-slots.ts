// Owns: the slots for messages that are dispatched at once in this process, and the lots in which they begin. A job
// takes one slot per message.
export type DispatchSlots = {
  /**
   * Resolves in the order of the calls, when so many slots are free. More messages than there are slots take all of
   * them.
   */
  enter(messages: number): Promise<void>
  /** Gives back one slot. */
  leave(): void
}

type DispatchSlotsOptions = {
  /**
   * Waiting messages begin when at least so many slots are free: what begins together is written to Redis together.
   * When nothing waits, messages begin at once. Default 1.
   */
  lot?: number
}

export function createDispatchSlots(size: number, { lot = 1 }: DispatchSlotsOptions = {}): DispatchSlots {
  let free = size
  const waiting: Array<{ messages: number; begin: () => void }> = []
  const areFree = (messages: number) => free >= Math.min(messages, size)

  return {
    async enter(messages) {
      if (waiting.length === 0 && areFree(messages)) free -= messages
      else await new Promise<void>((begin) => waiting.push({ messages, begin }))
    },
    leave() {
      free += 1
      if (free < lot) return
      for (let [next] = waiting; next !== undefined && areFree(next.messages); [next] = waiting) {
        waiting.shift()
        free -= next.messages
        next.begin()
      }
    },
  }
}
