// Owns: routes that ignore their body, such as a form with only a button. The body is read within its bound and
// dropped.
import type { GatewayServer } from '../server.ts'

const MAX_BYTES = 1024

export function acceptNoBody(scope: GatewayServer): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_BYTES }, (_request, _body, done) => done(null))
}
