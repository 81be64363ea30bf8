// Owns: mutated requests on every route of a running gateway, and counting what must not happen.
import { connect } from 'node:net'
import { API_KEY } from '../../helpers/gateway.ts'
import { CANARY, type HostileGateway, leaks, type Listener } from '../hostile-gateway.ts'
import { HUNG_AFTER_MS, keepConnection, mutateWithinFrame } from './framed-requests.ts'
import { mutate, pick, type Random } from './mutate.ts'
import { requestSeeds } from './requests.ts'

export type RequestCounts = {
  requests: number
  /** Of them: on connections that serve many. */
  framed: number
  answers: Record<string, number>
  /** Ends of a process, and requests that neither an answer nor an end of the connection followed. */
  crashes: number
  hung: number
  leaks: number
  enqueued: number
  unexpected5xx: number
  /** The first few that went wrong, as base64, to try again. */
  offenders: string[]
}

const CONCURRENCY = 24
/** One in so many is mutated anywhere, its frame included, and has a connection of its own. */
const BROKEN = 8
const MAX_OFFENDERS = 20

export async function fuzzRequests(
  gateway: HostileGateway,
  { count, random }: { count: number; random: Random },
): Promise<RequestCounts> {
  const counts: RequestCounts = {
    requests: 0,
    framed: 0,
    answers: {},
    crashes: 0,
    hung: 0,
    leaks: 0,
    enqueued: 0,
    unexpected5xx: 0,
    offenders: [],
  }
  const seeds = requestSeeds(gateway)
  const secrets = [
    CANARY,
    gateway.component.appSecret,
    gateway.component.encodingAesKey,
    gateway.component.token,
    API_KEY,
    gateway.simulator.latestTicket() ?? CANARY,
  ]
  const before = gateway.received.length
  const fail = (kind: 'hung' | 'leaks' | 'unexpected5xx', bytes: Buffer) => {
    counts[kind] += 1
    if (counts.offenders.length < MAX_OFFENDERS) counts.offenders.push(`${kind} ${bytes.toString('base64')}`)
  }

  let left = count
  async function runOne(): Promise<void> {
    const kept = { public: keepConnection(gateway.ports.public), internal: keepConnection(gateway.ports.internal) }
    while (left > 0) {
      left -= 1
      const seed = pick(random, seeds)
      const other = pick(random, seeds).bytes
      const isFramed = random(BROKEN) > 0
      const bytes = isFramed ? mutateWithinFrame(random, seed.bytes, other) : mutate(random, seed.bytes, other)
      const text = isFramed
        ? await kept[seed.listener].exchange(bytes)
        : await exchange(gateway.ports, seed.listener, bytes)
      if (isFramed) counts.framed += 1
      counts.requests += 1
      if (text === undefined) {
        fail('hung', bytes)
        continue
      }
      for (const [, status = ''] of text.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)) {
        counts.answers[status] = (counts.answers[status] ?? 0) + 1
        if (status.startsWith('5')) fail('unexpected5xx', bytes)
      }
      // The documentation names the libraries that show it.
      const isDocument = seed.route === '/docs/' || text.includes('"openapi":"3')
      if (secrets.some((secret) => text.includes(secret)) || (!isDocument && leaks(text))) fail('leaks', bytes)
    }
    for (const connection of Object.values(kept)) connection.close()
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, runOne))

  const processes = [...gateway.ingresses, ...gateway.workers].map(({ process }) => process)
  counts.crashes = processes.filter(({ child }) => child.exitCode !== null || child.signalCode !== null).length
  await gateway.witness.rest()
  counts.enqueued = gateway.received.slice(before).filter(({ type }) => type.startsWith('wechat.')).length
  const output = processes.map((process) => process.output()).join('\n')
  if (output.includes(CANARY)) counts.leaks += 1
  counts.unexpected5xx += output.match(/"code":"INTERNAL"/g)?.length ?? 0
  return counts
}

/** All that came until the server closed; undefined when it did not. The request is half-closed: nothing more will come. */
function exchange(ports: Record<Listener, number>, listener: Listener, bytes: Buffer): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port: ports[listener], host: '127.0.0.1' })
    const chunks: Buffer[] = []
    const timer = setTimeout(() => {
      resolve(undefined)
      socket.destroy()
    }, HUNG_AFTER_MS)
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    // A reset is an end as well; 'close' follows.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(Buffer.concat(chunks).toString('latin1'))
    })
    socket.end(bytes)
  })
}
