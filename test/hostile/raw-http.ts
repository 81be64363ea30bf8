// Owns: HTTP as an attacker speaks it: any bytes on a socket, and what came back read as one answer.
import { connect, type Socket } from 'node:net'
import { startStopwatch } from '../helpers/stopwatch.ts'

export type RawAnswer = {
  /** 0 when the socket was closed without an answer. */
  status: number
  headers: ReadonlyMap<string, string>
  body: string
  /** Everything that came, a second answer included. */
  text: string
  closed: boolean
  afterMs: number
}

export type RequestParts = {
  headers?: Record<string, string | string[]>
  body?: string | Buffer
  host?: string | false
}

/** The bytes of one request. Headers given replace the usual ones; `content-length` is added to a body. */
export function requestBytes(
  method: string,
  target: string,
  { headers = {}, body, host = 'gateway.example' }: RequestParts = {},
): Buffer {
  const names = new Set(Object.keys(headers).map((name) => name.toLowerCase()))
  const lines = [`${method} ${target} HTTP/1.1`]
  if (host !== false && !names.has('host')) lines.push(`Host: ${host}`)
  if (!names.has('connection')) lines.push('Connection: close')
  for (const [name, values] of Object.entries(headers))
    for (const value of [values].flat()) lines.push(`${name}: ${value}`)
  const payload = Buffer.from(body ?? '')
  if (body !== undefined && !names.has('content-length') && !names.has('transfer-encoding'))
    lines.push(`Content-Length: ${payload.length}`)
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'utf8'), payload])
}

/** Sends the bytes and resolves with the first whole answer, or with what there is when the server closes. */
export function sendBytes(
  port: number,
  bytes: string | Buffer,
  { withinMs = 8000 }: { withinMs?: number } = {},
): Promise<RawAnswer> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.write(bytes)
  return readAnswer(socket, { withinMs })
}

export function readAnswer(socket: Socket, { withinMs = 8000 }: { withinMs?: number } = {}): Promise<RawAnswer> {
  const elapsedMs = startStopwatch()
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const timer = setTimeout(() => finish(new Error(`no answer and no end within ${withinMs} ms`)), withinMs)
    const finish = (error?: Error, closed = false) => {
      clearTimeout(timer)
      socket.destroy()
      const text = Buffer.concat(chunks).toString('utf8')
      if (error !== undefined && text === '') reject(error)
      else resolve({ ...parse(text), closed, afterMs: elapsedMs() })
    }
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      if (isWhole(Buffer.concat(chunks))) finish()
    })
    // A reset after, or instead of, an answer is an end like any other.
    socket.on('error', () => finish(undefined, true))
    socket.on('close', () => finish(undefined, true))
  })
}

function isWhole(bytes: Buffer): boolean {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return false
  const length = /\r\ncontent-length: (\d+)/i.exec(bytes.toString('latin1', 0, end))?.[1]
  return length !== undefined && bytes.length >= end + 4 + Number(length)
}

function parse(text: string): Pick<RawAnswer, 'status' | 'headers' | 'body' | 'text'> {
  const end = text.indexOf('\r\n\r\n')
  const head = end < 0 ? text : text.slice(0, end)
  const headers = new Map<string, string>()
  for (const line of head.split('\r\n').slice(1)) {
    const colon = line.indexOf(':')
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim())
  }
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0),
    headers,
    body: end < 0 ? '' : text.slice(end + 4),
    text,
  }
}
