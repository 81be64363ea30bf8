// Owns: /console/ of the internal listener: the files of the built page, and their security headers.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { Log } from '@wxgw/runtime'
import { GatewayError } from '@wxgw/wechat-core'
import type { GatewayServer } from '../server.ts'

/** Only our own files and routes; pictures of accounts come from WeChat's servers. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data: https://*.qlogo.cn https://*.qpic.cn",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const SECURITY_HEADERS = {
  'content-security-policy': POLICY,
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

const YEAR_SECONDS = 31_536_000
/** The file's name contains a hash of its content. */
const HASHED = /[\\/]assets[\\/]/

export function consoleSite(scope: GatewayServer, { siteDir, log }: { siteDir: string; log: Log }): void {
  scope.addHook('onRequest', (_request, reply, done) => {
    void reply.headers(SECURITY_HEADERS)
    done()
  })
  scope.get('/console', { schema: { hide: true } }, (_request, reply) => reply.redirect('/console/', 308))

  if (!existsSync(join(siteDir, 'index.html'))) {
    log.warn({ fix: 'npm run build' }, 'console.not_built')
    for (const url of ['/console/', '/console/*']) scope.get(url, { schema: { hide: true } }, notBuilt)
    return
  }
  void scope.register(fastifyStatic, {
    root: siteDir,
    prefix: '/console/',
    decorateReply: false,
    dotfiles: 'ignore',
    index: ['index.html'],
    preCompressed: true,
    cacheControl: false,
    setHeaders(reply, path) {
      void reply.header('cache-control', HASHED.test(path) ? `public, max-age=${YEAR_SECONDS}, immutable` : 'no-store')
    },
  })
}

function notBuilt(): never {
  throw new GatewayError('ROUTE_NOT_FOUND', 'the console is not built: run `npm run build`, then restart the ingress')
}
