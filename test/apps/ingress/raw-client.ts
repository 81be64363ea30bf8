// Owns: speaking to a listener byte by byte, as no HTTP client would.
import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { GatewayServer } from '@wxgw/ingress'
import { startStopwatch } from '../../helpers/stopwatch.ts'

export async function listen(server: Pick<GatewayServer, 'listen' | 'server'>): Promise<number> {
  await server.listen({ port: 0, host: '127.0.0.1' })
  return (server.server.address() as AddressInfo).port
}

export type RawAnswer = { text: string; status: number; headers: string; body: string; afterMs: number }

export async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  await once(socket, 'connect')
  return socket
}

/** Sends the text and reads until the server closes; fails after `withinMs`. */
export async function exchange(
  port: number,
  text: string | Buffer,
  { withinMs = 8000 }: { withinMs?: number } = {},
): Promise<RawAnswer> {
  const socket = await open(port)
  socket.on('error', () => undefined)
  socket.write(text)
  return await readToEnd(socket, withinMs)
}

export async function readToEnd(socket: Socket, withinMs = 8000): Promise<RawAnswer> {
  const elapsedMs = startStopwatch()
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  const timer = setTimeout(() => socket.destroy(new Error('the server did not close')), withinMs)
  const failed = new Promise<never>((_resolve, reject) => socket.once('error', (error) => reject(error)))
  failed.catch(() => undefined)
  try {
    await Promise.race([once(socket, 'close'), failed])
  } catch (error) {
    // A reset after the answer is an end too; silence is not.
    if (chunks.length === 0) throw error
  } finally {
    clearTimeout(timer)
  }
  return { ...parseAnswer(Buffer.concat(chunks).toString()), afterMs: elapsedMs() }
}

function parseAnswer(text: string): Omit<RawAnswer, 'afterMs'> {
  const split = text.indexOf('\r\n\r\n')
  const headers = split < 0 ? text : text.slice(0, split)
  return {
    text,
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0),
    headers,
    body: split < 0 ? '' : text.slice(split + 4),
  }
}
