// Owns: the plaintext of component events (授权事件), formatted as real pushes are.
import { element, elements, rootOf } from '../xml/write-xml.ts'

type Head = { componentAppId: string; createTimeSeconds: number }

function head({ componentAppId, createTimeSeconds }: Head, infoType: string): string {
  return elements([
    ['AppId', componentAppId],
    ['CreateTime', createTimeSeconds],
    ['InfoType', infoType],
  ])
}

export function ticketXml(event: Head & { ticket: string }): string {
  return rootOf(`${head(event, 'component_verify_ticket')}${element('ComponentVerifyTicket', event.ticket)}\n`)
}

export function authorizedXml(
  event: Head & {
    infoType: 'authorized' | 'updateauthorized'
    authorizerAppId: string
    authorizationCode: string
    codeLifetimeSeconds: number
    preAuthCode: string
  },
): string {
  return rootOf(
    head(event, event.infoType) +
      `${element('AuthorizerAppid', event.authorizerAppId)}\n` +
      `${element('AuthorizationCode', event.authorizationCode)}\n` +
      // A Unix time in seconds, in CDATA, as in real pushes.
      `${element('AuthorizationCodeExpiredTime', String(event.createTimeSeconds + event.codeLifetimeSeconds))}\n` +
      `${element('PreAuthCode', event.preAuthCode)}\n`,
  )
}

/** The real push has no line feed before AuthorizerAppid. */
export function unauthorizedXml(event: Head & { authorizerAppId: string }): string {
  return rootOf(`${head(event, 'unauthorized').trimEnd()}${element('AuthorizerAppid', event.authorizerAppId)}`)
}
