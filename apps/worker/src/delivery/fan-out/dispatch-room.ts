// Owns: how many messages are dispatched at once in this process, however many of them are one job, and in which lots they
// begin.
export type DispatchRoom = {
  /** Resolves in order, when there is room for so many messages. What is more than all the room takes all of it. */
  enter(messages: number): Promise<void>
  /** One of them has ended. */
  leave(): void
}

export type DispatchRoomOptions = {
  /**
   * Of messages that have to wait, none begins before so many may: what begins together is written together. What finds
   * nobody waiting begins at once. Default 1.
   */
  lot?: number
}

export function createDispatchRoom(size: number, { lot = 1 }: DispatchRoomOptions = {}): DispatchRoom {
  let free = size
  const waiting: Array<{ messages: number; begin: () => void }> = []
  const hasRoomFor = (messages: number) => free >= Math.min(messages, size)

  return {
    async enter(messages) {
      if (waiting.length === 0 && hasRoomFor(messages)) free -= messages
      else await new Promise<void>((begin) => waiting.push({ messages, begin }))
    },
    leave() {
      free += 1
      if (free < lot) return
      for (let [next] = waiting; next !== undefined && hasRoomFor(next.messages); [next] = waiting) {
        waiting.shift()
        free -= next.messages
        next.begin()
      }
    },
  }
}
