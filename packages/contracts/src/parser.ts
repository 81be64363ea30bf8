// Owns: a parser of data from outside the process, made from its schema.
import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'

/** The parser returns the data, typed, or undefined when they do not fit. Compiles here: make one per schema. */
export function parserOf<Schema extends TSchema>(schema: Schema): (data: unknown) => Static<Schema> | undefined {
  const validator = Compile(schema)
  return (data) => (validator.Check(data) ? data : undefined)
}
