// Owns: the handle on the yardstick's process.
import { freePort } from '../../scripts/free-port.mjs'
import { answersOk, startProcess } from './processes.mjs'

export async function startYardstick({ apiKey = '' } = {}) {
  const port = await freePort()
  const server = startProcess('yardstick', { args: ['bench/stack/yardstick-server.mjs', String(port), apiKey] })
  await server.untilReady(() => answersOk(`http://127.0.0.1:${port}/healthz`))
  return { port, pid: server.pid, stop: () => server.stop() }
}
