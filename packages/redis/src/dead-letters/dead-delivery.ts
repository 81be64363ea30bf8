// Owns: reading out of a failed delivery what a dead letter shows. It must read what no handler could: nothing may hide in a queue.

export type DeadDelivery = { eventId: string; type: string; event: unknown; deliveryId: string | undefined }

export function parseDeadDelivery(data: unknown): DeadDelivery {
  const event = member(data, 'event')
  const id = member(event, 'id')
  const type = member(event, 'type')
  const deliveryId = member(data, 'deliveryId')
  return {
    eventId: typeof id === 'string' ? id : '',
    type: typeof type === 'string' ? type : '',
    event: event ?? null,
    deliveryId: typeof deliveryId === 'string' ? deliveryId : undefined,
  }
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.entries(value).find(([key]) => key === name)?.[1]
}
