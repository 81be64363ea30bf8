// Owns: the messages between the supervisor and its processes. Both run the same version, so a message needs no version
// number.
import type { MetricsSnapshot } from '@wxgw/runtime'

export type SlotMetrics = { slot: string; metrics: MetricsSnapshot }

export type ToSupervisor =
  | { kind: 'started' }
  | { kind: 'all-metrics-wanted'; id: number }
  | { kind: 'metrics'; id: number; metrics: MetricsSnapshot }

export type ToProcess =
  | { kind: 'stop'; signal: NodeJS.Signals }
  | { kind: 'metrics-wanted'; id: number }
  | { kind: 'all-metrics'; id: number; all: SlotMetrics[] }

/** undefined = not ours: libraries may use the same channel. */
export function parseToSupervisor(message: unknown): ToSupervisor | undefined {
  return hasKind(message) ? (message as ToSupervisor) : undefined
}

export function parseToProcess(message: unknown): ToProcess | undefined {
  return hasKind(message) ? (message as ToProcess) : undefined
}

function hasKind(message: unknown): message is { kind: unknown } {
  return typeof message === 'object' && message !== null && 'kind' in message
}
