// Owns: the settings of WeChat's behaviour, their defaults and their validation.

export type ComponentCredentials = {
  appId: string
  appSecret: string
  /** 消息校验Token */
  token: string
  /** 消息加解密Key, 43 characters. */
  encodingAesKey: string
}

export type CircuitBreakerSettings = {
  /** Failed pushes in a row that open the breaker of a URL. */
  failures: number
  /** How long it stays open. WeChat's: about a minute. */
  openMs: number
}

export type Settings = {
  component: ComponentCredentials
  /** 授权事件接收URL. undefined: component events are not pushed. */
  eventUrl: string | undefined
  /** 消息与事件接收URL, with `$APPID$`. */
  callbackUrl: string | undefined
  /** Lifetime of component_access_token, authorizer_access_token and jsapi tickets. */
  tokenLifetimeSeconds: number
  /** Whether a refresh replaces the refresh token. `rotating-with-grace`: the old one stays valid for the grace period. */
  refreshTokenRotation: 'stable' | 'rotating-with-grace' | 'strict'
  refreshTokenGraceSeconds: number
  /** How long an authorizer_access_token stays valid after a refresh. The exchange of a code revokes it at once. */
  accessTokenOverlapSeconds: number
  /** How long a component_access_token stays valid after the next one was issued. */
  componentTokenOverlapSeconds: number
  ticketLifetimeSeconds: number
  /** Interval of ticket pushes; 0: only by `pushTicket`. */
  ticketIntervalSeconds: number
  /** Delay of the next ticket push after all attempts of one failed. */
  ticketRetrySeconds: number
  /** Whether api_start_push_ticket pushes a ticket at once, or with the next interval. */
  pushTicketOnStart: boolean
  preAuthCodeLifetimeSeconds: number
  authorizationCodeLifetimeSeconds: number
  /** Attempts per push, the first included. WeChat's documentation can be read as 3 or 4. */
  attempts: number
  /** Delay after a failed attempt. After a time-out the next attempt follows at once. */
  attemptSpacingMs: number
  /** For the whole answer. */
  answerDeadlineMs: number
  /** `fresh`: a retry has a new timestamp, nonce and ciphertext. `same`: the same bytes. The plaintext never changes. */
  retryEnvelope: 'fresh' | 'same'
  circuitBreaker: CircuitBreakerSettings | undefined
  /** Addresses that may call the API; others get errcode 61004. undefined: all. */
  ipAllowed: readonly string[] | undefined
  /** Calls a day per API and appid, then errcode 45009. Other APIs have no limit. */
  dailyQuota: Readonly<Record<string, number>>
  /** 授权发起页域名: the hosts that Referer and redirect_uri of the page may have, both the same. undefined: unchecked. */
  authorizationDomains: readonly string[] | undefined
  /** Delays from the confirmation on the page to the `authorized` push, and to the redirect. */
  authorizedPushDelayMs: number
  redirectDelayMs: number
  /** Whether message/custom/send is refused outside 48 hours (45015) and after 5 messages (45047). */
  customerServiceWindow: boolean
  apiContentType: string
}

/** Development defaults. They are public: use them nowhere else. */
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

/** Some of the settings, and some of the component's. */
export type SettingsChange = Partial<Omit<Settings, 'component'>> & { component?: Partial<ComponentCredentials> }

/** Throws a RangeError that names every invalid setting. */
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
