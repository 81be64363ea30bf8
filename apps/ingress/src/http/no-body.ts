// Owns: routes whose body says nothing, such as a form with nothing but a button. It is read, bounded, and dropped.
import type { GatewayServer } from '../server.ts'

const MOST_BYTES = 1024

export function acceptNoBody(scope: GatewayServer): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MOST_BYTES }, (_request, _body, done) => done(null))
}
