// Owns: the logger that the packages depend on; pino's satisfies it.

export type LogFields = Record<string, unknown>

export type Log = {
  debug(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
}
