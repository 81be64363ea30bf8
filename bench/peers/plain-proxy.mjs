// Owns: the comparison of the row "api": @fastify/http-proxy, which adds no token and checks nothing. Run as a process
// of its own: `plain-proxy.mjs <port> <url of WeChat>`.
import httpProxy from '@fastify/http-proxy'
import Fastify from 'fastify'

const [port, upstream] = process.argv.slice(2)
const app = Fastify({ logger: false, keepAliveTimeout: 72_000 })
await app.register(httpProxy, { upstream })
await app.listen({ port: Number(port), host: '127.0.0.1' })
