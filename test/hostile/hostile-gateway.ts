// Owns: the gateway under attack, and the verdict on one hostile request: the answer, the silence of logs and store, the life after it.
import { once } from 'node:events'
import { Worker } from 'bullmq'
import type { Test } from 'tap'
import { type Event, type Gateway, type GatewayOptions, startGateway } from '../helpers/gateway.ts'
import { until } from '../helpers/until.ts'
import { nowSeconds } from '../helpers/push-text.ts'
import { type PushOptions, queryText, sealPush, type SealedPush } from '../apps/ingress/sealed-push.ts'
import { type RawAnswer, requestBytes, type RequestParts, sendBytes } from './raw-http.ts'
import { type RedisWitness, startRedisWitness } from './redis-witness.ts'

export const PREFIX = '/apis/v1/wx/open1'
/** Stands in hostile input wherever it may; must not come back from anywhere. */
export const CANARY = 'canaryq7f3x'
export const AUTHORIZER = { appId: 'wx00000000000000a1', userName: 'gh_0000000000a1' }
export const OTHER_AUTHORIZER = { appId: 'wx00000000000000b2', userName: 'gh_0000000000b2' }
/** An authorizer that never authorized. */
export const STRANGER_APPID = 'wx00000000000000ff'
export const PREVIOUS = { token: 'previousToken0000', encodingAesKey: 'previousKey00000000000000000000000000000000' }

export type Listener = 'public' | 'internal'

export type Attempt = {
  /** Of the table of hostile inputs. */
  id: string
  name: string
  listener?: Listener
  bytes: string | Buffer
  /** 0: the socket is closed without a word. */
  status: number | readonly number[]
  /** Of the error's body; left out with a status below 400. */
  code?: string | readonly string[]
  /** The store may be read: the request is authenticated. It must not be changed all the same. */
  reads?: boolean
  /** The store may change. */
  writes?: boolean
  /** The answer has no body (HEAD), or not of the usual shape. */
  shapeless?: boolean
  check?: (t: Test, answer: RawAnswer) => void | Promise<void>
}

export type HostileGateway = Gateway & {
  witness: RedisWitness
  /** Of the first ingress. */
  ports: Record<Listener, number>
  /** A push as WeChat seals it. */
  seal(plaintext: string, options?: PushOptions & { atSeconds?: number }): SealedPush
  /** What consumers of everything have got, in order. */
  received: readonly Event[]
  attack(t: Test, attempts: readonly Attempt[]): Promise<void>
  /** Nothing of all that was sent stands in the log, and nothing that an attacker could use. */
  assertQuietLogs(t: Test): void
}

/** Two authorizers, a consumer that matches everything; with the previous credentials still accepted. */
export async function startHostileGateway(
  t: { teardown(end: () => unknown): unknown },
  options: GatewayOptions = {},
): Promise<HostileGateway> {
  const gateway = await startGateway({
    ...options,
    workers: 0,
    env: {
      LOG_LEVEL: 'debug',
      WX_PREVIOUS_TOKEN: PREVIOUS.token,
      WX_PREVIOUS_ENCODING_AES_KEY: PREVIOUS.encodingAesKey,
      AUTHURL_RATE_PER_MINUTE: '100000',
      ...options.env,
    },
  })
  t.teardown(() => gateway.stop())
  const [ingress] = gateway.ingresses
  if (ingress === undefined) throw new Error('no ingress')
  const witness = await startRedisWitness(gateway.redis.url)
  t.teardown(() => witness.close())
  // While nothing but the ingress is connected, its connections can be told from the worker's.
  await witness.watchPresentClients()
  await gateway.startWorker()
  const { ports, port } = {
    ports: { public: portOf(ingress.publicUrl), internal: portOf(ingress.internalUrl) },
    port: portOf(gateway.redis.url),
  }
  const received: Event[] = []
  await authorize(gateway)
  const { body } = await gateway.call('PUT', '/subscriptions/everything', { sink: { kind: 'queue' } })
  const consumer = new Worker(String(body.sink?.queue), async (job) => void received.push(job.data), {
    connection: { host: '127.0.0.1', port, maxRetriesPerRequest: null },
  })
  consumer.on('error', () => undefined)
  t.teardown(() => consumer.close(true))
  await once(consumer, 'ready')

  const { component } = gateway
  const aesKey = Buffer.from(`${component.encodingAesKey}=`, 'base64')
  const seal: HostileGateway['seal'] = (plaintext, { atSeconds, ...change } = {}) => {
    return sealPush(plaintext, atSeconds ?? nowSeconds(), {
      token: component.token,
      aesKey,
      receiveId: component.appId,
      ...change,
    })
  }
  const under: HostileGateway = {
    ...gateway,
    witness,
    ports,
    seal,
    received,
    async attack(t, attempts) {
      await witness.rest()
      await witness.takeCommands()
      const before = await witness.digest()
      for (const attempt of attempts) await judge(t, under, attempt)
      if (!attempts.some(({ writes }) => writes))
        t.same(await witness.changes(before), [], 'nothing has changed in Redis')
      t.equal(ingress.process.child.exitCode, null, 'the process lives')
    },
    assertQuietLogs(t) {
      for (const { process } of [...gateway.ingresses, ...gateway.workers]) assertQuiet(t, process.output())
    },
  }
  return under
}

/** One assertion a row, which lists all that is wrong: there are hundreds of rows. */
async function judge(t: Test, gateway: HostileGateway, attempt: Attempt): Promise<void> {
  const {
    id,
    listener = 'public',
    bytes,
    status,
    code,
    reads = false,
    writes = false,
    shapeless = false,
    check,
  } = attempt
  // TAP reads line ends of every alphabet.
  const name = `${id} ${attempt.name}`.replace(
    /[^\x20-\x7e]/g,
    (character) => `U+${character.codePointAt(0)?.toString(16)}`,
  )
  const { witness, ports } = gateway
  const before = reads ? await witness.digest() : undefined
  const answer = await sendBytes(ports[listener], bytes)
  const commands = await witness.takeCommands()
  const changed = before ? await witness.changes(before) : []
  const next = await sendBytes(ports[listener], requestBytes('GET', '/healthz'))
  const problems = echoProblems(answer)
  if (![status].flat().includes(answer.status)) problems.push(`status ${answer.status}: ${answer.body.slice(0, 200)}`)
  if (answer.status >= 400 && !shapeless)
    problems.push(...shapeProblems(answer, code === undefined ? undefined : [code].flat()))
  // Without a command, nothing can have changed.
  if (!reads && !writes && commands.length > 0 && (await costsCommands(gateway, attempt)))
    problems.push(`commands at Redis: ${commands.join(', ')}`)
  if (changed.length > 0) problems.push(`changed in Redis: ${changed.join(', ')}`)
  if (next.status !== 200) problems.push(`not well afterwards: ${next.status}`)
  t.same(problems, [], name)
  await check?.(t, answer)
}

/** Once more: what the processes do by themselves every few seconds falls into one attempt, not into two. */
async function costsCommands(
  { witness, ports }: HostileGateway,
  { listener = 'public', bytes }: Attempt,
): Promise<boolean> {
  await witness.takeCommands()
  await sendBytes(ports[listener], bytes)
  return (await witness.takeCommands()).length > 0
}

type About = { name: string; codes: readonly string[] | undefined }

export function assertErrorShape(t: Test, answer: RawAnswer, { name, codes }: About): void {
  t.same(shapeProblems(answer, codes), [], `${name}: an error like every other`)
}

function shapeProblems(answer: RawAnswer, codes: readonly string[] | undefined): string[] {
  const body = parsed(answer.body)
  const names = Object.keys(body).filter((key) => key !== 'errcode' && key !== 'errmsg')
  const problems: string[] = []
  if (names.join() !== 'statusCode,code,error,message,requestId') problems.push(`the body has ${names.join()}`)
  if (body['statusCode'] !== answer.status) problems.push(`statusCode ${String(body['statusCode'])}`)
  if (codes !== undefined && !codes.includes(String(body['code']))) problems.push(`code ${String(body['code'])}`)
  if (!answer.headers.get('content-type')?.startsWith('application/json')) problems.push('not JSON')
  return problems
}

const LEAKS = /node_modules|\.[cm]?[jt]s:\d|\n\s+at |fastify|ioredis|bullmq|typebox|ajv|pino\b|fast-xml/i
/** Tokens and cursors are long words. */
const DRAWN_AT_RANDOM = /"requestId":"[^"]*"|pre_auth_code=[^&"]*|[\w+-]{40,}/g
/** Two metrics are named after the drivers whose versions they are about. */
const METRICS_OF_DRIVERS = /^.*wxgw_(bullmq_format|ioredis_version)_unknown.*$/gm
const UNWANTED_HEADERS = /^(access-control-|server$|x-powered-by$|etag$|x-injected|set-cookie$|location$)/

/** Does an answer hold what none must: stacks, paths, the names of libraries? What is drawn at random may spell anything. */
export function leaks(text: string): boolean {
  const meant = text.replace(DRAWN_AT_RANDOM, '').replace(METRICS_OF_DRIVERS, '')
  return LEAKS.test(meant)
}

/** Of every answer, good or bad. */
export function assertNoEcho(t: Test, answer: RawAnswer, name: string): void {
  t.same(echoProblems(answer), [], `${name}: no echo, no leak`)
}

function echoProblems(answer: RawAnswer): string[] {
  const problems: string[] = []
  if (answer.text.toLowerCase().includes(CANARY)) problems.push('an echo')
  if (leaks(answer.text)) problems.push('a stack, a path or a library')
  for (const header of answer.headers.keys()) if (UNWANTED_HEADERS.test(header)) problems.push(`the header ${header}`)
  if (answer.status === 0 || answer.status === 100) return problems
  if (answer.headers.get('cache-control') !== 'no-store') problems.push('no no-store')
  if (answer.headers.get('x-content-type-options') !== 'nosniff') problems.push('no nosniff')
  return problems
}

function assertQuiet(t: Test, output: string): void {
  t.notMatch(output, new RegExp(CANARY, 'i'), 'no line of the log holds hostile input')
  const broken = output.split('\n').filter((line) => line !== '' && !isJson(line))
  t.same(broken, [], 'every line of the log is one JSON object')
  t.notMatch(
    output,
    /"msg":"request\.failed"[^\n]*"code":"INTERNAL"|"code":"INTERNAL"[^\n]*"msg":"request\.failed"/,
    'no internal error',
  )
  t.notMatch(output, /unhandled|uncaught/i)
}

async function authorize(gateway: Gateway): Promise<void> {
  const { simulator } = gateway
  await simulator.pushTicket()
  await until(
    'there is a component token',
    async () => (await gateway.call('GET', '/component_access_token')).status === 200,
  )
  for (const { appId, userName } of [AUTHORIZER, OTHER_AUTHORIZER]) {
    simulator.addAccount({ appId, userName, nickName: 'hostile test' })
    await simulator.authorize(appId)
    await until('the profile is there', async () => (await gateway.call('GET', `/authorizers/${appId}`)).body.nick_name)
  }
}

/** A push as bytes on the wire. */
export function pushBytes(
  route: string,
  { query, body }: SealedPush,
  { rawQuery, ...parts }: RequestParts & { rawQuery?: string } = {},
): Buffer {
  const target = `${PREFIX}/${route}?${rawQuery ?? queryText(query)}`
  return requestBytes('POST', target, { body, ...parts, headers: { 'content-type': 'text/xml', ...parts.headers } })
}

function portOf(url: string): number {
  return Number(new URL(url).port)
}

export function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return {}
    throw error
  }
}

function isJson(line: string): boolean {
  return line.startsWith('{') && Object.keys(parsed(line)).length > 0
}
