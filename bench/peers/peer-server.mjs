// Owns: the HTTP server of one peer, run as a process of its own: `peer-server.mjs <name> <port>`, credentials as JSON
// in COMPONENT.
import { installedPeers } from './peers.mjs'

const [name, port] = process.argv.slice(2)
const peer = installedPeers(JSON.parse(process.env.COMPONENT)).find((one) => one.name === name)
if (peer === undefined) throw new Error(`${name} is not installed`)
const server = peer.serve()
// Connections stay open while the load pauses, as those of the yardstick and the gateway.
server.keepAliveTimeout = 72_000
server.listen(Number(port), '127.0.0.1')
