// Owns: what WeChat's errcodes mean for this gateway, in one table. What is done about a kind is decided by the token code.

/** Kinds that the gateway acts on; everything else is `other`. */
export type ErrcodeKind =
  | 'busy'
  /** The component_access_token or the access_token of the call, whichever it was made with. */
  | 'access-token-invalid'
  | 'ticket-invalid'
  | 'not-authorized'
  | 'refresh-token-invalid'
  | 'authorization-code-invalid'
  | 'quota-day'
  | 'quota-minute'
  | 'ip-not-allowed'
  /** Our settings, or a bug of ours: a person must act. */
  | 'misconfigured'
  /** The account lacks the permission, or is punished or frozen. */
  | 'forbidden'
  /** A message to a user that WeChat's rules do not let through. */
  | 'message-refused'
  | 'other'

/** When the same call may be made again. */
export type ErrcodeRetry = 'no' | 'backoff' | 'after-token-refresh' | 'next-minute' | 'next-day'

export type ErrcodeRule = { kind: ErrcodeKind; retry: ErrcodeRetry; meaning: string }

const rule = (kind: ErrcodeKind, retry: ErrcodeRetry, meaning: string): ErrcodeRule => ({ kind, retry, meaning })

/** @see https://developers.weixin.qq.com/doc/oplatform/developers/errCode/README.html */
export const ERRCODES: ReadonlyMap<number, ErrcodeRule> = new Map([
  [-1, rule('busy', 'backoff', 'WeChat is busy')],

  [40001, rule('access-token-invalid', 'after-token-refresh', 'token superseded or unknown, or wrong AppSecret')],
  [40014, rule('access-token-invalid', 'after-token-refresh', 'token malformed or unknown')],
  [42001, rule('access-token-invalid', 'after-token-refresh', 'token expired')],
  [42006, rule('access-token-invalid', 'after-token-refresh', 'component_access_token expired')],

  // A newer ticket comes by itself every 10 minutes, so the same call may well succeed later.
  [61005, rule('ticket-invalid', 'backoff', 'component_verify_ticket is older than 12 hours')],
  [61006, rule('ticket-invalid', 'backoff', 'component_verify_ticket is wrong or belongs to another platform')],

  [61003, rule('not-authorized', 'no', 'the account has not authorized this platform, or has revoked it')],

  [40030, rule('refresh-token-invalid', 'no', 'refresh token is invalid')],
  [42002, rule('refresh-token-invalid', 'no', 'refresh token expired')],
  [42007, rule('refresh-token-invalid', 'no', 'token died with a change of password or a revocation')],
  [61023, rule('refresh-token-invalid', 'no', 'authorizer_refresh_token is wrong, empty or superseded')],

  [61009, rule('authorization-code-invalid', 'no', 'authorization_code is wrong, used or of another platform')],
  [61010, rule('authorization-code-invalid', 'no', 'authorization_code is older than an hour')],

  [45009, rule('quota-day', 'next-day', 'daily quota of this API is used up')],
  [45011, rule('quota-minute', 'next-minute', 'quota per minute is used up')],

  [40090, rule('ip-not-allowed', 'no', 'calls from this network are refused')],
  [40164, rule('ip-not-allowed', 'no', 'address is not in the IP list of the account')],
  [45035, rule('ip-not-allowed', 'no', 'address is not registered')],
  [61004, rule('ip-not-allowed', 'no', 'address is not in the IP list of the platform, or the list is not published')],

  [40013, rule('misconfigured', 'no', 'appid is wrong; case matters')],
  [40066, rule('misconfigured', 'no', 'URL is invalid or the API does not exist')],
  [40125, rule('misconfigured', 'no', 'AppSecret is wrong or was reset')],
  [40170, rule('misconfigured', 'no', 'more than 500 entries asked for at once')],
  [41001, rule('misconfigured', 'no', 'access_token is missing')],
  [41002, rule('misconfigured', 'no', 'appid is missing')],
  [41004, rule('misconfigured', 'no', 'AppSecret is missing')],
  [41018, rule('misconfigured', 'no', 'component_appid is missing')],
  [41021, rule('misconfigured', 'no', 'component_access_token is missing')],
  [43001, rule('misconfigured', 'no', 'GET is required')],
  [43002, rule('misconfigured', 'no', 'POST is required')],
  [43003, rule('misconfigured', 'no', 'HTTPS is required')],
  [44002, rule('misconfigured', 'no', 'body is empty')],
  [47001, rule('misconfigured', 'no', 'body is not valid JSON')],
  [61011, rule('misconfigured', 'no', 'component_appid is not a third-party platform')],
  [61014, rule('misconfigured', 'no', 'a component API was called without the component token')],
  [61015, rule('misconfigured', 'no', 'an API of the account was called without its token')],
  [61024, rule('misconfigured', 'no', 'cgi-bin/token was called with a component_appid')],

  [48001, rule('forbidden', 'no', 'the account lacks the permission for this API')],
  [48004, rule('forbidden', 'no', 'API is banned for the account as a punishment')],
  [50002, rule('forbidden', 'no', 'the account is frozen or deactivated')],
  [61007, rule('forbidden', 'no', 'the permission set was not granted to the platform, or the platform is not released with it')],

  [40003, rule('message-refused', 'no', 'openid is wrong or of another account')],
  [40033, rule('message-refused', 'no', 'text holds characters that are not allowed')],
  [45002, rule('message-refused', 'no', 'text is too long')],
  [45015, rule('message-refused', 'no', 'the user has not been active within the window for replies')],
  [45047, rule('message-refused', 'no', 'too many messages since the user was last active')],
  [45080, rule('message-refused', 'no', 'typing state was set without a message from the user')],
  [45081, rule('message-refused', 'no', 'typing state is set already')],
  [47002, rule('message-refused', 'no', 'text is not UTF-8')],
  [48002, rule('message-refused', 'no', 'the user does not want messages of this account')],

  [40029, rule('other', 'no', "code of a user's login is invalid")],
  [40163, rule('other', 'no', "code of a user's login has been used")],
  [48006, rule('other', 'no', 'clear_quota was used ten times this month')],
  [61002, rule('other', 'no', 'customer service is not opened')],
  [61008, rule('other', 'no', 'key is repeated')],
  [61012, rule('other', 'no', 'name of the option is wrong')],
  [61013, rule('other', 'no', 'value of the option is wrong')],
  [61016, rule('other', 'no', 'confirmation of a permission set was refused')],
  [61017, rule('other', 'no', 'confirmation of a permission set was refused')],
  [61018, rule('other', 'no', 'confirmation of a permission set was refused')],
  [61019, rule('other', 'no', 'confirmation of a permission set was refused')],
  [61020, rule('other', 'no', 'confirmation of a permission set was refused')],
  [61021, rule('other', 'no', 'confirmation of a permission set was refused')],
  [61022, rule('other', 'no', 'confirmation of a permission set was refused')],
  [61025, rule('other', 'no', 'the option can only be read')],
  [76003, rule('other', 'no', 'quota of this API cannot be queried')],
  [76021, rule('other', 'no', 'no quota is known by that path')],
  [76022, rule('other', 'no', 'quota of this API belongs to another account')],
])

// What is unknown may pass by itself; whoever repeats calls bounds the attempts.
const UNLISTED = rule('other', 'backoff', 'unlisted')

/** The rule of an errcode other than 0. An unlisted one is `other` and may be tried again, with backoff. */
export function errcodeRule(errcode: number): ErrcodeRule {
  return ERRCODES.get(errcode) ?? UNLISTED
}

export function classifyErrcode(errcode: number): ErrcodeKind {
  return errcodeRule(errcode).kind
}

/** How the rule reads on a GatewayError. The day's quota may be cleared by an operator, so nobody waits for midnight. */
export function errcodeRetryOptions(errcode: number): { retry: boolean; retryAfterSeconds?: number } {
  const { retry } = errcodeRule(errcode)
  switch (retry) {
    case 'no':
      return { retry: false }
    case 'backoff':
    case 'after-token-refresh':
      return { retry: true, retryAfterSeconds: 1 }
    case 'next-minute':
      return { retry: true, retryAfterSeconds: 60 }
    case 'next-day':
      return { retry: true, retryAfterSeconds: 600 }
    default:
      return retry satisfies never
  }
}
