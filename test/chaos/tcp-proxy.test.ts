// A wire may be slow, but what was sent first arrives first: else the faults that it plays are none that exist.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import t from 'tap'
import { until } from '../helpers/until.ts'
import { startTcpProxy } from './tcp-proxy.ts'

void t.test('what is sent when a wire is quick again does not overtake what is still under way', async (t) => {
  let received = ''
  const server = createServer((socket) => {
    socket.on('data', (chunk) => (received += chunk.toString()))
    socket.on('error', () => socket.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP address')
  const proxy = await startTcpProxy({ port: address.port })
  const client = connect({ port: proxy.port, host: '127.0.0.1', noDelay: true })
  t.teardown(async () => {
    client.destroy()
    await proxy.close()
  })
  await once(client, 'connect')
  client.write('0')
  await until('it is through', () => received === '0')
  proxy.slow(200)
  client.write('1')
  await until('the wire has it', () => proxy.underWay() === 1)
  proxy.pass()
  client.write('2')
  await until('both are through', () => received.length === 3)
  t.equal(received, '012')
})
