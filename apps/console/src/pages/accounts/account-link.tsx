// Owns: an appid that links to the account's page, for callers who may read the account.
import { hrefOf } from '../../routing/route.ts'
import { isGranted, useSession } from '../../session/session.ts'

/** `platform`: default, the chosen one. */
export function AccountLink({ appid, platform }: { appid: string; platform?: string }) {
  const { session, platform: chosen } = useSession()
  const id = platform ?? chosen
  const code = <code>{appid}</code>
  if (!isGranted(session, id, { action: 'authorizers:read', authorizer: appid })) return code
  return <a href={hrefOf([id, 'accounts', appid])}>{code}</a>
}
