// Owns: the public names of this app, for its tests and its main.
export { createFanOut } from './delivery/fan-out/fan-out.ts'
export type { FanOut, FanOutDeps, FanOutOptions } from './delivery/fan-out/fan-out.ts'
export { fanOutBatchHandler } from './delivery/fan-out/fan-out-batch.ts'
export { startDeliveryWorkers } from './delivery/queue/delivery-workers.ts'
export type { DeliveryWorkersDeps } from './delivery/queue/delivery-workers.ts'
export { createDeliver } from './delivery/queue/deliver.ts'
export { SUBSCRIPTION_DISABLED } from './delivery/attempt/conclude-failure.ts'
export type { Attempt, Deliver, DeliverDeps, DeliveryOutcome } from './delivery/queue/deliver.ts'
export { INVALID_REPLY, judgeAttempt, retryDelayMs } from './delivery/attempt/judge-attempt.ts'
export type { Verdict } from './delivery/attempt/judge-attempt.ts'
export {
  createDirectCalls,
  DIRECT_CALLS_AT_MOST,
  DIRECT_CALLS_PER_SUBSCRIPTION,
} from './delivery/fan-out/direct-calls.ts'
export type {
  CalledWebhook,
  CallsUnderWay,
  DirectCalls,
  Leave,
  ObservedAttempt,
} from './delivery/fan-out/direct-calls.ts'
export { createDeliverInOrder } from './delivery/ordered/deliver-in-order.ts'
export { createOrderedDeliveries } from './delivery/ordered/ordered-deliveries.ts'
export { createDeliveryHealth } from './delivery/attempt/delivery-health.ts'
export type { DeliveryHealth } from './delivery/attempt/delivery-health.ts'
export { deliverAgain } from './replays/replay-delivery.ts'
export type { ReplayDeliveryDeps } from './replays/replay-delivery.ts'
export type { SinkPort, SinkRequest, Sinks } from './sinks/sink.ts'
export { createQueueSink } from './sinks/sink-queue.ts'
export type { ConsumerJob } from './sinks/sink-queue.ts'
export { createStreamSink } from './sinks/sink-stream.ts'
export type { StreamEntry } from './sinks/sink-stream.ts'
export { createWebhookSink } from './sinks/sink-webhook.ts'
export { createGuardedFetch, MAX_ANSWER_BYTES } from './sinks/guarded-fetch.ts'
export type { GuardedAnswer, GuardedFetch, GuardedFetchDeps } from './sinks/guarded-fetch.ts'
export { createConnectionPool } from './sinks/connection-pool.ts'
export type { Connection, ConnectionPool } from './sinks/connection-pool.ts'
export { parseRetryAfter } from './sinks/retry-after.ts'
export { startWorkers } from './workers.ts'
export { createDispatchSlots } from './delivery/fan-out/dispatch-slots.ts'
export { startInboxWorkers } from './inboxes/inbox-workers.ts'
export { serveInboxes } from './inboxes/serve-inboxes.ts'
export type { ServedInboxes, ServeInboxesDeps } from './inboxes/serve-inboxes.ts'
export { handleComponentEvent } from './control-plane/handle-component-event.ts'
export { createHealthServer } from './health-server.ts'
export { rotateKeys } from './rotate-keys.ts'
export { showUnparsed } from './show-unparsed.ts'
export { createAlarm } from './schedule/alarm.ts'
export type { Alarm } from './schedule/alarm.ts'
export { startSweep } from './schedule/sweep.ts'
export { startWatchdog } from './schedule/watchdog.ts'
export { startWedgeWatchdog } from './wedge-watchdog.ts'
export type { WatchedQueue } from './wedge-watchdog.ts'
export { createThrottleTurns } from './delivery/queue/throttle-turns.ts'
export type { ThrottleTurns, Turn } from './delivery/queue/throttle-turns.ts'
export { startReconciling } from './delivery/upkeep/reconcile-deliveries.ts'
export type { ReconciledAs, ReconcilingDeps } from './delivery/upkeep/reconcile-deliveries.ts'
