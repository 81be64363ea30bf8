// Owns: reading the options from environment variables. settings.ts validates them.
import type { SettingsChange } from './settings.ts'
import type { SimulatorOptions } from './simulator.ts'

type Environment = Readonly<Record<string, string | undefined>>

const NUMBERS = {
  TOKEN_LIFETIME_SECONDS: 'tokenLifetimeSeconds',
  REFRESH_TOKEN_GRACE_SECONDS: 'refreshTokenGraceSeconds',
  ACCESS_TOKEN_OVERLAP_SECONDS: 'accessTokenOverlapSeconds',
  COMPONENT_TOKEN_OVERLAP_SECONDS: 'componentTokenOverlapSeconds',
  TICKET_LIFETIME_SECONDS: 'ticketLifetimeSeconds',
  TICKET_INTERVAL_SECONDS: 'ticketIntervalSeconds',
  TICKET_RETRY_SECONDS: 'ticketRetrySeconds',
  PRE_AUTH_CODE_LIFETIME_SECONDS: 'preAuthCodeLifetimeSeconds',
  PUSH_ATTEMPTS: 'attempts',
  PUSH_ATTEMPT_SPACING_MS: 'attemptSpacingMs',
  PUSH_ANSWER_DEADLINE_MS: 'answerDeadlineMs',
  AUTHORIZED_PUSH_DELAY_MS: 'authorizedPushDelayMs',
  REDIRECT_DELAY_MS: 'redirectDelayMs',
} as const satisfies Record<string, keyof SettingsChange>

const DEFAULT_GATEWAY = 'http://127.0.0.1:3000/apis/v1/wx/open1'

/** Throws a RangeError that names every invalid variable, without its value. */
export function optionsFromEnvironment(environment: Environment): SimulatorOptions {
  const problems: string[] = []
  const value = (name: string) => environment[name]?.trim() || undefined

  function wholeNumber(name: string): number | undefined {
    const given = value(name)
    if (given === undefined || /^\d+$/.test(given)) return given === undefined ? undefined : Number(given)
    problems.push(`${name} must be a whole number`)
    return undefined
  }

  function rotation(): SettingsChange['refreshTokenRotation'] {
    const given = value('REFRESH_TOKEN_ROTATION')
    if (given === undefined || given === 'stable' || given === 'rotating-with-grace' || given === 'strict') return given
    problems.push('REFRESH_TOKEN_ROTATION must be stable, rotating-with-grace or strict')
    return undefined
  }

  function list(name: string): string[] | undefined {
    return value(name)
      ?.split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '')
  }

  const numbers: Record<string, number | undefined> = {}
  for (const [name, setting] of Object.entries(NUMBERS)) numbers[setting] = wholeNumber(name)
  const options: SimulatorOptions = {
    ticketIntervalSeconds: 600,
    customerServiceWindow: value('CUSTOMER_SERVICE_WINDOW') === 'true',
    ...defined(numbers),
    ...defined({ refreshTokenRotation: rotation() }),
    ...defined({ ipAllowed: list('IP_ALLOWED'), authorizationDomains: list('AUTHORIZATION_DOMAINS') }),
    component: defined({
      appId: value('WX_COMPONENT_APPID'),
      appSecret: value('WX_COMPONENT_APPSECRET'),
      token: value('WX_TOKEN'),
      encodingAesKey: value('WX_ENCODING_AES_KEY'),
    }),
    eventUrl: value('GATEWAY_EVENT_URL') ?? `${DEFAULT_GATEWAY}/event`,
    callbackUrl: value('GATEWAY_CALLBACK_URL') ?? `${DEFAULT_GATEWAY}/$APPID$/callback`,
    host: value('SIMULATOR_HOST') ?? '127.0.0.1',
    port: wholeNumber('SIMULATOR_PORT') ?? 3010,
  }
  if (problems.length > 0) throw new RangeError(problems.join('; '))
  return options
}

type Defined<T> = { [Name in keyof T]?: Exclude<T[Name], undefined> }

function defined<T extends object>(values: T): Defined<T> {
  const kept: Defined<T> = {}
  for (const name in values) {
    const value = values[name]
    if (isDefined(value)) kept[name] = value
  }
  return kept
}

function isDefined<T>(value: T): value is Exclude<T, undefined> {
  return value !== undefined
}
