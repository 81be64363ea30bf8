// Owns: compiling a route's schemas at their first use. Compiling those of all routes took 40 % of the process' start
// and a third of its idle memory. test/apps/ingress/schemas.test.ts compiles every schema: a wrong one fails there.
import ajvCompiler from '@fastify/ajv-compiler'
import jsonSerializer from '@fastify/fast-json-stringify-compiler'
import type { FastifySchemaCompiler, FastifySerializerCompiler } from 'fastify'

type Validate = ReturnType<FastifySchemaCompiler<unknown>>
type Serialize = ReturnType<FastifySerializerCompiler<unknown>>

// `verbose`: an error contains its schema, from which the answer names the expected value.
const AJV_OPTIONS = {
  coerceTypes: false,
  removeAdditional: false,
  useDefaults: false,
  allErrors: false,
  verbose: true,
} as const

/** Fastify's own validators, strict: no value is changed, and the first error ends the validation. */
export function lazyValidators(): FastifySchemaCompiler<unknown> {
  const compile: FastifySchemaCompiler<unknown> = ajvCompiler()({}, { customOptions: AJV_OPTIONS })
  return (route) => {
    let compiled: Validate | undefined
    const validate: Validate = (value: unknown) => {
      compiled ??= compile(route)
      const outcome = compiled(value)
      // Fastify reads the errors from the function that it has called.
      validate.errors = compiled.errors ?? null
      return outcome
    }
    return validate
  }
}

/** Fastify's own serializers. */
export function lazySerializers(): FastifySerializerCompiler<unknown> {
  const compile = jsonSerializer()({}, {})
  return ({ httpStatus = 'default', ...route }) => {
    let compiled: Serialize | undefined
    return (value) => (compiled ??= compile({ httpStatus, ...route }))(value)
  }
}
