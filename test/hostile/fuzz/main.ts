// Owns: `npm run test:chaos -- fuzz --count N --functions N --calls N --seed S`: so many mutated requests, and (default: ten times as many) inputs of
// functions, and (default: as many as requests) calls of WeChat's APIs. Prints the counts as JSON; the exit code tells whether anything happened that must not.
import { readOptions } from '../../helpers/read-options.ts'
import { startHostileGateway } from '../hostile-gateway.ts'
import { fuzzCalls } from './fuzz-calls.ts'
import { fuzzFunctions } from './fuzz-functions.ts'
import { fuzzRequests } from './fuzz-requests.ts'
import { seededRandom } from './mutate.ts'

const { values } = readOptions({
  options: {
    count: { type: 'number', default: 20_000 },
    functions: { type: 'number' },
    calls: { type: 'number' },
    seed: { type: 'number', from: 0, default: Date.now() % 4_294_967_296 },
  },
})
const { count, seed, functions: functionInputs = count * 10, calls: callCount = count } = values

const ends: Array<() => unknown> = []
const startedMs = performance.now()
try {
  const random = seededRandom(seed)
  const functions = fuzzFunctions({ count: functionInputs, random })
  const functionSeconds = secondsSince(startedMs)
  const gateway = await startHostileGateway({ teardown: (end) => ends.push(end) }, { env: { LOG_LEVEL: 'warn' } })
  const requestsStartedMs = performance.now()
  const requests = await fuzzRequests(gateway, { count, random })
  const requestSeconds = secondsSince(requestsStartedMs)
  const callsStartedMs = performance.now()
  const calls = await fuzzCalls({ teardown: (end) => ends.push(end) }, { count: callCount, random })
  const report = {
    seed,
    functions: { ...functions, seconds: functionSeconds },
    requests: { ...requests, seconds: requestSeconds },
    calls: { ...calls, seconds: secondsSince(callsStartedMs) },
  }
  console.log(JSON.stringify(report, null, 2))
  const { crashes, unsound, slow } = functions
  const callFailures = calls.otherHosts + calls.denied + calls.leaks + calls.hung
  const bad =
    callFailures +
    crashes +
    unsound +
    slow +
    requests.crashes +
    requests.hung +
    requests.leaks +
    requests.enqueued +
    requests.unexpected5xx
  process.exitCode = bad === 0 ? 0 : 1
} finally {
  for (const end of ends.toReversed()) await end()
}

function secondsSince(ms: number): number {
  return Math.round((performance.now() - ms) / 100) / 10
}
