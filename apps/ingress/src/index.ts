// Owns: the public names of this app: what main composes and tests use.
export { createInternalServer } from './internal-server.ts'
export { createPublicServer } from './public-server.ts'
export { drain } from './drain.ts'
export type { GatewayServer } from './server.ts'
export type { ServerDeps } from './server-deps.ts'
export type { ReadinessCheck } from './routes/health.ts'
export type { PassiveAnswer, PassiveReplies, PushedMessage, ReleaseCheck, ReplyWanted } from './push/passive-answers.ts'
