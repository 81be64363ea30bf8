// Owns: GET /audit and GET /api-calls of the internal listener.
import type { AuditEntry, RefusedCall } from '@wxgw/contracts'
import type { ConsoleRecords } from '@wxgw/redis'
import { callerOf } from '../auth/authenticate.ts'
import { consoleReach, requireConsole } from '../auth/console-access.ts'
import { instantMs } from '../http/instant.ts'
import type { Paging } from '../paging/paging.ts'
import type { RequestSlots } from '../paging/request-slots.ts'
import { consoleSchemas } from '../schemas/console.ts'
import type { GatewayServer } from '../server.ts'

type Deps = { records: ConsoleRecords; paging: Paging; slots: RequestSlots }

export function recordRoutes(app: GatewayServer, { records, paging, slots }: Deps): void {
  const hooks = { onRequest: requireConsole, preHandler: slots.long }

  app.get('/audit', { schema: consoleSchemas.audit, ...hooks }, async (request) => {
    const { caller, action, authorizer, from, to } = request.query
    const reach = consoleReach(callerOf(request))
    const page = await records.audit.find({
      ...paging.read(request),
      fromMs: instantMs(from),
      toMs: instantMs(to),
      matches: (entry) =>
        reach?.covers(entry.platform) === true &&
        isAsked(caller, entry.caller) &&
        isAsked(action, entry.action) &&
        isAsked(authorizer, entry.authorizer),
    })
    return paging.answer(request, { ...page, items: page.items.map(auditView) })
  })

  app.get('/api-calls', { schema: consoleSchemas.apiCalls, ...hooks }, async (request) => {
    const { authorizer, errcode } = request.query
    const reach = consoleReach(callerOf(request))
    const page = await records.refusedCalls.find({
      ...paging.read(request),
      matches: (call) =>
        reach?.covers(call.platform) === true &&
        isAsked(authorizer, call.authorizer) &&
        isAsked(errcode, String(call.errcode)),
    })
    return paging.answer(request, { ...page, items: page.items.map(callView) })
  })
}

function isAsked(asked: string | undefined, value: string | null): boolean {
  return asked === undefined || asked === value
}

function auditView({ atMs, ...entry }: AuditEntry) {
  return { at: new Date(atMs).toISOString(), ...entry }
}

function callView({ atMs, ...call }: RefusedCall) {
  return { at: new Date(atMs).toISOString(), ...call }
}
