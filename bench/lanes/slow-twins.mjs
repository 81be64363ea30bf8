// Owns: for each fast lane, the edits of compiled modules that replace it by its slow twin. The figures are in
// docs/fast-lanes.md.

/** `edits`: replacements of text in modules of dist. `about`: what is measured, see ../lanes.mjs. */
export const LANES = {
  'token-reads': {
    about: 'token',
    edits: [{ file: 'packages/redis/dist/batches.js', from: 'MAX_BATCH = 25', to: 'MAX_BATCH = 1' }],
  },
  'recorded-stream': {
    about: 'stream',
    edits: [{ file: 'apps/worker/dist/sinks/recorded-writes.js', from: 'subscriptions.flatMap(writeTo)', to: '[]' }],
  },
  'bullmq-format': {
    about: 'queue',
    edits: [
      {
        file: 'packages/redis/dist/driver-versions.js',
        from: 'return version === KNOWN_VERSIONS[driver]',
        to: "return driver !== 'bullmq' && version === KNOWN_VERSIONS[driver]",
      },
    ],
  },
  'direct-calls': {
    about: 'webhook',
    edits: [
      {
        file: 'apps/worker/dist/delivery/fan-out/first-attempt.js',
        from: 'const isCalled = mayCall',
        to: 'const isCalled = false',
      },
    ],
  },
  stop: {
    about: 'webhook',
    edits: [
      {
        file: 'packages/wechat-core/dist/stop.js',
        from: 'export class Stop',
        to: `${stopByController()}\nclass Unused`,
      },
    ],
  },
}

const WRITER = 'packages/redis/dist/event-log/event-writer.js'
const WITHOUT_ATTEMPTS = [
  {
    file: WRITER,
    from: 'deliveredAt: new Date().toISOString() }, { worker })',
    to: 'deliveredAt: new Date().toISOString() })',
  },
  { file: WRITER, from: 'jobId, made } = change', to: 'jobId } = change, made = undefined' },
]

/** No lanes: the twin leaves something out. Measured as a lane is, when it is named. */
export const COSTS = Object.fromEntries(
  ['webhook', 'queue', 'stream'].map((about) => [`attempts-${about}`, { about, edits: WITHOUT_ATTEMPTS }]),
)

export const TWINS = { ...LANES, ...COSTS }

function stopByController() {
  return `export class Stop {
  #controller = new AbortController()
  get aborted() { return this.#controller.signal.aborted }
  get reason() { return this.#controller.signal.reason }
  addEventListener(type, listener) { this.#controller.signal.addEventListener(type, listener) }
  removeEventListener(type, listener) { this.#controller.signal.removeEventListener(type, listener) }
  abort(reason) { this.#controller.abort(reason) }
}`
}
