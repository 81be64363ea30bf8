// Owns: checking what comes in from outside the process against its schema, once.
import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'

/** Answers the data, typed, or undefined when it is not of that shape. Compiled once, so make one per schema. */
export function parserOf<Schema extends TSchema>(schema: Schema): (data: unknown) => Static<Schema> | undefined {
  const validator = Compile(schema)
  return (data) => (validator.Check(data) ? data : undefined)
}
