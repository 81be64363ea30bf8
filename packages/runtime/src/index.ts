// Owns: the public names of this package.
export { ACTIONS } from './config-types.ts'
export type { Action, CallerConfig, Config, Grant, PlatformConfig, SealingKey } from './config-types.ts'
export type { Log, LogFields } from './log.ts'
