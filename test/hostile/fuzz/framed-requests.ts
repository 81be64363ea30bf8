// Owns: mutated requests whose frame holds, many after one another on one connection: they come past the HTTP parser, and
// cost a fraction of those that need a connection each.
import { connect, type Socket } from 'node:net'
import { mutate, type Random } from './mutate.ts'

/** How long a server may take for an answer. */
export const HUNG_AFTER_MS = 8_000

/** What decides where a request ends, and whether another may follow. */
const FRAMING = /^(?:content-length|transfer-encoding|connection|expect|upgrade):/i

/** `bytes`, a good request, with its target, one of its fields' values or its body mutated; the frame is made to fit. */
export function mutateWithinFrame(random: Random, bytes: Buffer, other: Buffer): Buffer {
  const end = bytes.indexOf('\r\n\r\n')
  const [requestLine = '', ...all] = bytes.toString('latin1', 0, end).split('\r\n')
  const [method = '', target = '', version = ''] = requestLine.split(' ')
  const fields = all.filter((field) => !FRAMING.test(field))
  const body = bytes.subarray(end + 4)
  const mutated = (text: string) => mutate(random, Buffer.from(text, 'latin1'), other).toString('latin1')
  switch (random(body.length > 0 ? 3 : 2)) {
    case 0:
      return framed(method, `/${escaped(mutated(target).slice(1))}`, version, fields, body)
    case 1: {
      const at = random(fields.length)
      const changed = fields.map((field, index) => (index === at ? withValue(field, mutated) : field))
      return framed(method, target, version, changed, body)
    }
    default:
      return framed(method, target, version, fields, mutate(random, body, other))
  }
}

function framed(method: string, target: string, version: string, fields: readonly string[], body: Buffer): Buffer {
  const length = body.length > 0 || method.startsWith('P') ? [`Content-Length: ${body.length}`] : []
  const head = [`${method} ${target} ${version}`, ...fields, ...length].join('\r\n')
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), body])
}

function withValue(field: string, change: (value: string) => string): string {
  const colon = field.indexOf(':')
  // oxlint-disable-next-line no-control-regex -- what would end the line, or the parser's patience
  return `${field.slice(0, colon)}: ${change(field.slice(colon + 1).trim()).replace(/[\0-\x08\n-\x1f\x7f]/g, '')}`
}

/** What no parser takes in a target is percent-encoded: it is to arrive. */
function escaped(target: string): string {
  // oxlint-disable-next-line no-control-regex -- as above
  return target.replace(/[\0-\x20\x7f-\xff]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

export type KeptConnection = {
  /** The answer, or what had come when the server closed; undefined when neither happened. One at a time. */
  exchange(bytes: Buffer): Promise<string | undefined>
  close(): void
}

/** Connects when it is needed, and again after a server has closed. */
export function keepConnection(port: number): KeptConnection {
  let socket: Socket | undefined
  let received = ''
  let settle: ((answer: string | undefined) => void) | undefined

  function finish(answer: string | undefined): void {
    const resolve = settle
    settle = undefined
    received = ''
    resolve?.(answer)
  }

  function open(): Socket {
    const opened = connect({ port, host: '127.0.0.1', noDelay: true })
    opened.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1')
      const state = answerState(received)
      if (state === 'partial') return
      if (state === 'last') {
        socket = undefined
        opened.destroy()
      }
      finish(received)
    })
    // A reset is an end as well; 'close' follows.
    opened.on('error', () => undefined)
    opened.on('close', () => {
      if (socket !== opened) return
      socket = undefined
      finish(received)
    })
    return opened
  }

  return {
    exchange(bytes) {
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          socket?.destroy()
          socket = undefined
          finish(undefined)
        }, HUNG_AFTER_MS)
        settle = (answer) => {
          clearTimeout(timer)
          resolve(answer)
        }
        socket ??= open()
        socket.write(bytes)
      })
    },
    close: () => socket?.destroy(),
  }
}

/** Whether an answer is whole, and whether another may follow it. */
function answerState(text: string): 'partial' | 'whole' | 'last' {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return 'partial'
  const head = text.slice(0, end).toLowerCase()
  const length = /\r\ncontent-length: (\d+)/.exec(head)?.[1]
  const isWhole =
    length === undefined
      ? text.endsWith('\r\n0\r\n\r\n') || /^http\/1\.1 [123]04/.test(head)
      : text.length >= end + 4 + Number(length)
  if (!isWhole) return 'partial'
  return head.includes('\r\nconnection: close') ? 'last' : 'whole'
}
