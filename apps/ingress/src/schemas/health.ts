// Owns: the schemas of the health and metrics routes.
import { Type } from 'typebox'
import { content } from './errors.ts'

const tags = ['Health']

const Readiness = Type.Object({
  status: Type.Union([Type.Literal('ready'), Type.Literal('not ready')]),
  checks: Type.Array(Type.Object({ name: Type.String(), ok: Type.Boolean(), reason: Type.Optional(Type.String()) })),
  warnings: Type.Array(Type.String({ description: 'name: reason' }), {
    description: 'what an operator should know; the status does not depend on it',
  }),
})

export const healthSchemas = {
  liveness: {
    tags,
    operationId: 'getLiveness',
    summary: 'The process lives',
    security: [],
    response: { 200: Type.Object({ status: Type.Literal('ok') }) },
  },
  readiness: {
    tags,
    operationId: 'getReadiness',
    summary: 'Redis takes writes, its policy is noeviction, every platform has a young ticket; a reason per check',
    security: [],
    response: { 200: Readiness, 503: Readiness },
  },
  metrics: {
    tags,
    operationId: 'getMetrics',
    summary: 'Prometheus',
    security: [],
    response: { 200: content('text/plain', Type.String(), "Prometheus' text format") },
  },
}
