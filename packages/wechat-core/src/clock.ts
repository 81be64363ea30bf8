// Owns: the clock that all code reads the time from, so that tests can replace it.

export type Clock = { nowMs(): number }

export const systemClock: Clock = { nowMs: () => Date.now() }
