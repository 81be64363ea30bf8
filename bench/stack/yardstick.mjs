// Owns: the handle on the yardstick process.
import { freePort } from '../../test/dist/helpers/free-port.js'
import { answersOk, startServer } from './processes.mjs'

export async function startYardstick({ apiKey = '' } = {}) {
  const port = await freePort()
  const isReady = () => answersOk(`http://127.0.0.1:${port}/healthz`)
  return {
    port,
    ...(await startServer('yardstick', { args: ['bench/stack/yardstick-server.mjs', String(port), apiKey], isReady })),
  }
}
