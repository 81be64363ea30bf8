// Owns: WeChat's side of the row "api": an HTTP server that answers every call at once and reads uploads. Run as a
// process of its own.
import { createServer } from 'node:http'

const [port] = process.argv.slice(2)
const ANSWER = Buffer.from('{"errcode":0,"errmsg":"ok"}')

const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json; encoding=utf-8', 'content-length': ANSWER.length })
    response.end(ANSWER)
  })
})
server.keepAliveTimeout = 72_000
server.listen(Number(port), '127.0.0.1')
