// Owns: what can be switched about WeChat's behaviour, with the defaults. Where the settings come from is not its
// business.

export type ComponentCredentials = {
  appId: string
  appSecret: string
  /** 消息校验Token */
  token: string
  /** 消息加解密Key, 43 characters. */
  encodingAesKey: string
}

export type CircuitBreakerSettings = {
  /** Failed pushes in a row after which a URL is left alone. */
  failures: number
  /** For how long. WeChat: about a minute. */
  openMs: number
}

export type Settings = {
  component: ComponentCredentials
  /** 授权事件接收URL. Without it nothing is pushed there. */
  eventUrl: string | undefined
  /** 消息与事件接收URL, with `$APPID$`. */
  callbackUrl: string | undefined
  /** Life of component_access_token, authorizer_access_token and jsapi tickets. */
  tokenLifetimeSeconds: number
  /**
   * What a refresh does to the refresh token. `rotating-with-grace`: the old one lives on for
   * `refreshTokenGraceSeconds`.
   */
  refreshTokenRotation: 'stable' | 'rotating-with-grace' | 'strict'
  refreshTokenGraceSeconds: number
  /**
   * How long an authorizer_access_token outlives its refresh. An exchange of a new code kills it at once all the same.
   */
  accessTokenOverlapSeconds: number
  /** How long a component_access_token outlives the next one. */
  componentTokenOverlapSeconds: number
  ticketLifetimeSeconds: number
  /** Pushes a new ticket that often; 0 = only when told. */
  ticketIntervalSeconds: number
  /** After a ticket push that failed altogether, the ticket clock tries again that soon. */
  ticketRetrySeconds: number
  /** Does api_start_push_ticket push a ticket at once, or does the gateway wait for the next tick? */
  pushTicketOnStart: boolean
  preAuthCodeLifetimeSeconds: number
  authorizationCodeLifetimeSeconds: number
  /** A push is tried that often altogether. WeChat's wording allows 3 or 4. */
  attempts: number
  /** Pause between a failed attempt and the next. A timed-out one is followed at once. */
  attemptSpacingMs: number
  /** For the whole answer. */
  answerDeadlineMs: number
  /**
   * Do retries carry a new timestamp, nonce and ciphertext, or the very same bytes? The plaintext is the same either
   * way.
   */
  retryEnvelope: 'fresh' | 'same'
  circuitBreaker: CircuitBreakerSettings | undefined
  /** Addresses that may call the API, otherwise errcode 61004. undefined = all. */
  ipAllowed: readonly string[] | undefined
  /** Calls a day per API and appid, then errcode 45009. An API not named has no limit. */
  dailyQuota: Readonly<Record<string, number>>
  /** 授权发起页域名: hosts, one of which the page's Referer and redirect_uri must both have. undefined = unchecked. */
  authorizationDomains: readonly string[] | undefined
  /** From the confirmation on the page to the `authorized` push, and to the redirect: either order can be had. */
  authorizedPushDelayMs: number
  redirectDelayMs: number
  /** Is message/custom/send refused outside 48 hours (45015) and after 5 messages (45047)? */
  customerServiceWindow: boolean
  apiContentType: string
}

/** Development defaults: known to everybody, so worth nothing. */
const DEVELOPMENT_COMPONENT: ComponentCredentials = {
  appId: 'wxc0de00000000cafe',
  appSecret: '0123456789abcdef0123456789abcdef',
  token: 'simulatorToken',
  encodingAesKey: 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG',
}

export const DEFAULT_SETTINGS: Settings = {
  component: DEVELOPMENT_COMPONENT,
  eventUrl: undefined,
  callbackUrl: undefined,
  tokenLifetimeSeconds: 7200,
  refreshTokenRotation: 'stable',
  refreshTokenGraceSeconds: 300,
  accessTokenOverlapSeconds: 300,
  componentTokenOverlapSeconds: 0,
  ticketLifetimeSeconds: 43_200,
  ticketIntervalSeconds: 0,
  ticketRetrySeconds: 10,
  pushTicketOnStart: true,
  preAuthCodeLifetimeSeconds: 1800,
  authorizationCodeLifetimeSeconds: 3600,
  attempts: 4,
  attemptSpacingMs: 1000,
  answerDeadlineMs: 5000,
  retryEnvelope: 'fresh',
  circuitBreaker: undefined,
  ipAllowed: undefined,
  dailyQuota: {},
  authorizationDomains: undefined,
  authorizedPushDelayMs: 0,
  redirectDelayMs: 0,
  customerServiceWindow: false,
  apiContentType: 'application/json; encoding=utf-8',
}

/** Any part of the settings; of the component any part too. */
export type SettingsChange = Partial<Omit<Settings, 'component'>> & { component?: Partial<ComponentCredentials> }

/** `base` with `change` laid over it. Throws a RangeError that names every setting that cannot be. */
export function mergeSettings(base: Settings, change: SettingsChange): Settings {
  const { component, ...rest } = change
  const settings: Settings = { ...base, ...rest, component: { ...base.component, ...component } }
  const problems = problemsOf(settings)
  if (problems.length > 0) throw new RangeError(`simulator settings: ${problems.join('; ')}`)
  return settings
}

function problemsOf(settings: Settings): string[] {
  const problems: string[] = []
  const { component } = settings
  if (component.appId === '') problems.push('component.appId is empty')
  if (component.appSecret === '') problems.push('component.appSecret is empty')
  if (component.token === '') problems.push('component.token is empty')
  if (!/^[A-Za-z0-9]{43}$/.test(component.encodingAesKey))
    problems.push('component.encodingAesKey must be 43 letters and digits')
  if (settings.eventUrl !== undefined && !isHttpUrl(settings.eventUrl)) problems.push('eventUrl must be an http(s) URL')
  if (
    settings.callbackUrl !== undefined &&
    !(isHttpUrl(settings.callbackUrl) && settings.callbackUrl.includes('$APPID$'))
  ) {
    problems.push('callbackUrl must be an http(s) URL with $APPID$ in it')
  }
  if (!Number.isInteger(settings.attempts) || settings.attempts < 1)
    problems.push('attempts must be a whole number from 1')
  for (const name of POSITIVE) if (!(settings[name] > 0)) problems.push(`${name} must be more than 0`)
  for (const name of NOT_NEGATIVE) if (!(settings[name] >= 0)) problems.push(`${name} must be 0 or more`)
  return problems
}

const POSITIVE = [
  'tokenLifetimeSeconds',
  'ticketLifetimeSeconds',
  'ticketRetrySeconds',
  'preAuthCodeLifetimeSeconds',
  'authorizationCodeLifetimeSeconds',
  'answerDeadlineMs',
] as const
const NOT_NEGATIVE = [
  'refreshTokenGraceSeconds',
  'accessTokenOverlapSeconds',
  'componentTokenOverlapSeconds',
  'ticketIntervalSeconds',
  'attemptSpacingMs',
  'authorizedPushDelayMs',
  'redirectDelayMs',
] as const

function isHttpUrl(value: string): boolean {
  return /^https?:\/\//.test(value) && URL.canParse(value)
}
