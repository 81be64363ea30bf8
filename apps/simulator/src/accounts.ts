// Owns: the simulated accounts (公众号, 小程序), authorized or not.
import { randomBytes } from 'node:crypto'

export type Account = {
  appId: string
  /** Original id, `gh_…`: the ToUserName of pushes. */
  userName: string
  nickName: string
  principalName: string
  headImg: string
  isMiniProgram: boolean
  serviceType: number
  verifyType: number
  /** false: the exchange of a code answers no tokens, as for accounts that granted no API permission. */
  apiPermission: boolean
  /** Permission sets (权限集) that an authorization grants by default. */
  funcInfo: FuncInfo
}

/** Ids of permission sets, or whole entries of `func_info`. */
export type FuncInfo = ReadonlyArray<number | Readonly<Record<string, unknown>>>

export type NewAccount = Partial<Account>

class UnknownAccountError extends Error {
  readonly statusCode = 404

  constructor() {
    super('no account with this appid in the simulator')
    this.name = 'UnknownAccountError'
  }
}

export type Accounts = {
  /** Adds an account, or changes the one with the same appid. */
  add(account?: NewAccount): Account
  find(appId: string): Account | undefined
  /** As `find`, but throws UnknownAccountError. */
  get(appId: string): Account
  all(): Account[]
}

export function createAccounts(): Accounts {
  const byAppId = new Map<string, Account>()

  function get(appId: string): Account {
    const account = byAppId.get(appId)
    if (!account) throw new UnknownAccountError()
    return account
  }

  return {
    add: (given = {}) => {
      const appId = given.appId ?? `wx${randomBytes(8).toString('hex')}`
      const account = { ...(byAppId.get(appId) ?? newAccount(appId, given.isMiniProgram ?? false)), ...given, appId }
      byAppId.set(appId, account)
      return account
    },
    find: (appId) => byAppId.get(appId),
    get,
    all: () => [...byAppId.values()],
  }
}

function newAccount(appId: string, isMiniProgram: boolean): Account {
  return {
    appId,
    userName: `gh_${randomBytes(6).toString('hex')}`,
    nickName: `${isMiniProgram ? '小程序' : '公众号'} ${appId.slice(-4)}`,
    principalName: '模拟主体有限公司',
    headImg: `http://wx.qlogo.cn/mmopen/${appId}/0`,
    isMiniProgram,
    serviceType: isMiniProgram ? 0 : 2,
    verifyType: 0,
    apiPermission: true,
    funcInfo: isMiniProgram ? [17, 18, 19, 25] : [1, 2, 3, 4, 6, 7, 11, 15],
  }
}

/** `func_info` as in WeChat's answers. */
export function funcInfoEntries(funcInfo: FuncInfo): Array<Readonly<Record<string, unknown>>> {
  return funcInfo.map((entry) => (typeof entry === 'number' ? { funcscope_category: { id: entry } } : entry))
}
