// Owns: the process that makes the load, so that it shares no event loop with the server. Messages: `prepare` creates
// and keeps requests, `run` and `burst` send them.
import { runBurst } from './burst.mjs'
import { getBytes, pushRequests } from './requests.mjs'
import { runLoad } from './run-load.mjs'

let prepared = []
let sentAtMs = []

process.on('message', (message) => {
  void handle(message).then(
    (answer) => process.send({ id: message.id, answer }),
    (error) => process.send({ id: message.id, error: String(error?.stack ?? error) }),
  )
})
process.once('disconnect', () => process.exit(0))

async function handle({ kind, options }) {
  switch (kind) {
    case 'prepare':
      prepared = pushRequests(options)
      return prepared.length
    case 'run': {
      sentAtMs = options.keepTimes ? [] : undefined
      const { get } = options
      const gets = get?.map((one) => getBytes({ ...one, port: options.port }))
      // Only a server that does not de-duplicate may get the same bodies again.
      const next = gets
        ? (index) => gets[index % gets.length]
        : (index) => prepared[options.again ? index % prepared.length : index]
      const onSent = sentAtMs === undefined ? undefined : (_index, atMs) => sentAtMs.push(atMs)
      return runLoad({ ...options, next, onSent })
    }
    case 'burst':
      return runBurst({ ...options, requests: prepared })
    case 'times':
      return sentAtMs
    default:
      throw new Error(`unknown message ${kind}`)
  }
}
