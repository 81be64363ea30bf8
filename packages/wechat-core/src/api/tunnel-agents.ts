// Owns: agents of node:http and node:https whose connections go through an HTTP CONNECT proxy.
import { Agent as HttpAgent, type AgentOptions, type ClientRequestArgs } from 'node:http'
import { Agent as HttpsAgent, type RequestOptions } from 'node:https'
import type { Duplex } from 'node:stream'
import { connect } from 'node:tls'
import { createTunnels, type TunnelOptions, type Tunnels } from './proxy-tunnel.ts'

type Connected = (error: Error | null, socket?: Duplex) => void

export function createTunnelAgents(
  options: AgentOptions,
  tunnel: TunnelOptions,
): { http: HttpAgent; https: HttpsAgent } {
  const tunnels = createTunnels(tunnel)
  return { http: new TunnelAgent(options, tunnels), https: new SecureTunnelAgent(options, tunnels) }
}

class TunnelAgent extends HttpAgent {
  readonly #tunnels: Tunnels

  constructor(options: AgentOptions, tunnels: Tunnels) {
    super(options)
    this.#tunnels = tunnels
  }

  override createConnection(options: ClientRequestArgs, connected: Connected): undefined {
    this.#tunnels.open(targetOf(options)).then((socket) => connected(null, socket), connected)
  }
}

class SecureTunnelAgent extends HttpsAgent {
  readonly #tunnels: Tunnels

  constructor(options: AgentOptions, tunnels: Tunnels) {
    super(options)
    this.#tunnels = tunnels
  }

  override createConnection(options: RequestOptions, connected: Connected): undefined {
    // Node's agent has set the server name (none for an IP address).
    const secure = (socket: Duplex) =>
      connected(null, connect({ socket, servername: options.servername ?? '', rejectUnauthorized: true }))
    this.#tunnels.open(targetOf(options)).then(secure, connected)
  }
}

function targetOf({ host, port }: ClientRequestArgs): string {
  const name = host ?? ''
  return `${name.includes(':') ? `[${name}]` : name}:${port}`
}
