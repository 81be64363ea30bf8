// Owns: the simulator's state as the control routes answer it, without the component's secrets.
import type { World } from '../world.ts'

export type AccountState = {
  appId: string
  userName: string
  nickName: string
  isMiniProgram: boolean
  authorized: boolean
  authorizedAt: string | null
  /** Whether its code has been exchanged. */
  exchanged: boolean
}

export function stateOf(world: World) {
  const { component, ...settings } = world.settings()
  const accounts: AccountState[] = world.accounts.all().map(({ appId, userName, nickName, isMiniProgram }) => {
    const authorization = world.authorizations.find(appId)
    return {
      appId,
      userName,
      nickName,
      isMiniProgram,
      authorized: authorization !== undefined,
      authorizedAt: authorization ? new Date(authorization.authorizedAtSeconds * 1000).toISOString() : null,
      exchanged: (authorization?.refreshToken ?? '') !== '',
    }
  })
  return {
    now: new Date(world.clock.nowMs()).toISOString(),
    componentAppId: component.appId,
    settings,
    accounts,
    componentTokenIsCurrent: world.component.currentToken() !== undefined,
    calls: world.calls.recent.length,
    pushes: world.pusher.recent.length,
    customMessages: world.customerService.sent.length,
    faults: world.faults.all().length,
  }
}
