// Owns: mutated documents and ciphertexts at the functions that see them first: what they throw is theirs, and what they read is sound.
import { createHash } from 'node:crypto'
import {
  decryptMessage,
  encryptMessage,
  eventId,
  GatewayError,
  openEnvelope,
  parseAuthorizerMessage,
  parseComponentAppId,
  parseComponentEvent,
  parseXml,
  Secret,
  textWithoutSecrets,
  XmlRefusedError,
  type XmlTree,
} from '@wxgw/wechat-core'
import { messageSample, MESSAGE_SAMPLES, messageXml, withInnerXml } from '@wxgw/simulator'
import { CANARY } from '../hostile-gateway.ts'
import { mutate, pick, type Random } from './mutate.ts'

export type FunctionCounts = {
  inputs: number
  accepted: number
  refused: number
  crashes: number
  unsound: number
  slow: number
  offenders: string[]
}

const NOW_SECONDS = 1_790_000_000
const SLOW_MS = 100
const COMPONENT = 'wxc000000000000001'
const AES_KEY = Buffer.alloc(32, 7)
const TOKEN = 'push-token-of-the-fuzzer'
const NONCE = '1804289383'

export function fuzzFunctions({ count, random }: { count: number; random: Random }): FunctionCounts {
  const counts: FunctionCounts = { inputs: 0, accepted: 0, refused: 0, crashes: 0, unsound: 0, slow: 0, offenders: [] }
  const componentAppId = parseComponentAppId(COMPONENT)
  if (componentAppId === undefined) throw new Error('no appid')
  const documents = documentSeeds()
  const sealed = documents.map(sealDocument)
  const keys = { componentAppId, tokens: [new Secret(TOKEN)], aesKeys: [AES_KEY] }

  const targets: Array<() => { bytes: Buffer; run(): void }> = [
    () => onText(parseXmlSoundly),
    () => onText((text) => void parseAuthorizerMessage(text, NOW_SECONDS * 1000)),
    () =>
      onText((text) => void parseComponentEvent({ plaintext: text, componentAppId, receivedAtMs: NOW_SECONDS * 1000 })),
    () => onText((text) => soundWhen(!(textWithoutSecrets(text) ?? '').includes('<AuthorizationCode>code'))),
    () => {
      const { query, body } = pick(random, sealed)
      const bytes = mutate(random, Buffer.from(body), pick(random, documents))
      return { bytes, run: () => open(query, bytes) }
    },
    () => {
      // Signed after the change: beyond the signature, everything is still hostile.
      const { query, body } = pick(random, sealed)
      const encrypt = Buffer.from(/<Encrypt><!\[CDATA\[(.*?)\]\]>/.exec(body)?.[1] ?? '', 'base64')
      const bytes = mutate(random, encrypt, Buffer.from(pick(random, sealed).body))
      const text = bytes.toString('base64')
      return {
        bytes,
        run: () =>
          open({ ...query, msg_signature: signature(text) }, Buffer.from(`<xml><Encrypt>${text}</Encrypt></xml>`)),
      }
    },
    () => {
      // Encrypted after the change: what only WeChat can send is read without harm, whatever it is.
      const bytes = mutate(random, pick(random, documents), pick(random, documents))
      const plaintext = bytes.toString()
      return {
        bytes,
        run: () => {
          const opened = decryptMessage({
            aesKey: AES_KEY,
            encrypted: encryptMessage({ aesKey: AES_KEY, plaintext, receiveId: COMPONENT }),
          })
          soundWhen(
            plaintext === '' ? opened === undefined : opened?.plaintext === plaintext && opened.receiveId === COMPONENT,
          )
        },
      }
    },
  ]

  function onText(use: (text: string) => void) {
    const bytes = mutate(random, pick(random, documents), pick(random, documents))
    return { bytes, run: () => use(bytes.toString()) }
  }

  function open(query: Record<string, string>, body: Buffer): void {
    const { plaintext } = openEnvelope({ keys, query, body, nowMs: NOW_SECONDS * 1000, maxSkewSeconds: 600 })
    // Whoever holds the key may send bytes that are no UTF-8: they are replaced, not refused.
    soundWhen(plaintext !== '')
  }

  for (; counts.inputs < count; counts.inputs += 1) {
    const { bytes, run } = pick(random, targets)()
    const startedMs = performance.now()
    try {
      run()
      counts.accepted += 1
    } catch (error) {
      const kind = error instanceof UnsoundError ? 'unsound' : isRefusal(error) ? 'refused' : 'crashes'
      counts[kind] += 1
      if (kind !== 'refused' && counts.offenders.length < 20)
        counts.offenders.push(`${kind} ${String(error)} ${bytes.toString('base64')}`)
    }
    // A pause of the machine strikes once, an input that is slow is slow every time.
    if (performance.now() - startedMs > SLOW_MS && isSlowAgain(run)) counts.slow += 1
  }
  soundWhen(Object.keys(Object.prototype).length === 0 && !('polluted' in {}))
  return counts
}

function isSlowAgain(run: () => void): boolean {
  const startedMs = performance.now()
  try {
    run()
  } catch {
    // What it throws was judged the first time.
  }
  return performance.now() - startedMs > SLOW_MS
}

class UnsoundError extends Error {}

function soundWhen(isSound: boolean): void {
  if (!isSound) throw new UnsoundError('what was read is not sound')
}

/** Refusals are the package's own, and say nothing of what was refused. */
function isRefusal(error: unknown): boolean {
  return (error instanceof GatewayError || error instanceof XmlRefusedError) && !error.message.includes(CANARY)
}

function parseXmlSoundly(text: string): void {
  const tree = parseXml(text)
  visit(tree)
  // What was read has an identity, and the same one again.
  const of = (content: XmlTree) => eventId({ platform: 'p', appId: 'a', kind: 'authorizer', content })
  soundWhen(of(tree) === of(parseXml(text)))
}

function visit(value: XmlTree[string]): void {
  if (typeof value === 'string') return
  if (Array.isArray(value)) {
    for (const one of value) visit(one)
    return
  }
  soundWhen(Object.getPrototypeOf(value) === Object.prototype)
  for (const [name, child] of Object.entries(value)) {
    soundWhen(name !== '__proto__' && name !== 'constructor' && name !== 'prototype')
    visit(child)
  }
}

function documentSeeds(): Buffer[] {
  const head = { toUserName: 'gh_0000000000a1', openId: 'oUSER', createTimeSeconds: NOW_SECONDS }
  const samples = MESSAGE_SAMPLES.filter((name) => name !== 'large').map((name) => {
    const { msgType, fields, xml = '' } = messageSample(name)
    // The simulator draws its ids; here the same seed makes the same inputs.
    const own = 'MsgId' in fields ? { ...fields, MsgId: '23456789012345678' } : fields
    return withInnerXml(messageXml(head, msgType, own), xml)
  })
  const component = ['component_verify_ticket', 'authorized', 'unauthorized', 'notify_third_fasteregister'].map(
    (infoType) =>
      `<xml><AppId>${COMPONENT}</AppId><CreateTime>${NOW_SECONDS}</CreateTime><InfoType>${infoType}</InfoType><ComponentVerifyTicket>ticket@@@x</ComponentVerifyTicket><AuthorizerAppid>wx00000000000000a1</AuthorizerAppid><AuthorizationCode>code</AuthorizationCode></xml>`,
  )
  return [...samples, ...component].map((text) => Buffer.from(text))
}

function sealDocument(document: Buffer): { query: Record<string, string>; body: string } {
  const encrypt = encryptMessage({
    aesKey: AES_KEY,
    plaintext: document.toString(),
    receiveId: COMPONENT,
    random16: Buffer.alloc(16, 0x61),
  })
  return {
    query: { timestamp: String(NOW_SECONDS), nonce: NONCE, msg_signature: signature(encrypt) },
    body: `<xml><AppId><![CDATA[${COMPONENT}]]></AppId><Encrypt><![CDATA[${encrypt}]]></Encrypt></xml>`,
  }
}

function signature(encrypt: string): string {
  return createHash('sha1')
    .update([TOKEN, String(NOW_SECONDS), NONCE, encrypt].toSorted().join(''))
    .digest('hex')
}
