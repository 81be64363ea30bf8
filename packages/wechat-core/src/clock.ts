// Owns: the one way to ask for the time, so that tests can hold it still.

export type Clock = { nowMs(): number }

export const systemClock: Clock = { nowMs: () => Date.now() }
