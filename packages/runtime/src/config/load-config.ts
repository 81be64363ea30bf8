// Owns: loading a Config from the environment, `.env` and CONFIG_FILE, and the rules that concern several settings.
import { readFileSync } from 'node:fs'
import { checkWebhookUrl } from '../network/webhook-url.ts'
import type { CallerConfig } from './caller-config.ts'
import { ConfigError, type ConfigProblem, type ReportProblem } from './config-error.ts'
import { type ConfigFile, NO_CONFIG_FILE, type Placed, readConfigFile } from './config-file.ts'
import { type Config, configOf } from './config.ts'
import type { DeclaredSubscription } from './declared-subscriptions.ts'
import type { PlatformConfig } from './platform-config.ts'
import { isSet, readSettings, type Variables, withDotEnv } from './read-settings.ts'
import { redisConfig } from './redis-config.ts'
import { DEFAULT_DEDUPE_SECONDS, type SettingName, type SettingValues } from './settings.ts'
import type { ReadFile } from './text-file.ts'
import { unknownSettings } from './unknown-settings.ts'

const REQUIRED_OF_A_PLATFORM = [
  'WX_COMPONENT_APPID',
  'WX_COMPONENT_APPSECRET',
  'WX_TOKEN',
  'WX_ENCODING_AES_KEY',
] as const
const OF_A_PLATFORM: readonly SettingName[] = [
  ...REQUIRED_OF_A_PLATFORM,
  'WX_PREVIOUS_TOKEN',
  'WX_PREVIOUS_ENCODING_AES_KEY',
]

/**
 * Throws one ConfigError with all problems, by name and without values. `warnings` has an unknown name, and a name
 * twice in `.env`. `readFile` gets `.env` and the path in CONFIG_FILE unchanged; it throws `ENOENT` for a missing file.
 */
export function loadConfig({ env, readFile = readFileSync }: { env: Variables; readFile?: ReadFile }): Config {
  const problems: ConfigProblem[] = []
  const report: ReportProblem = (setting, problem) => problems.push({ setting, problem })

  const warnings: ConfigProblem[] = []
  const warn: ReportProblem = (setting, problem) => warnings.push({ setting, problem })

  const variables = withDotEnv(env, { readFile, report, warn })
  const values = readSettings(variables, report)
  const file =
    values.CONFIG_FILE === undefined
      ? NO_CONFIG_FILE
      : readConfigFile(values.CONFIG_FILE, {
          variables,
          readFile,
          report,
          checkWebhookUrl: (url) => checkWebhookUrl(url, values.WEBHOOK_ALLOW_NETWORKS),
        })
  const read: Read = { values, variables, file, report }
  const platforms = [...platformOfEnvironment(read), ...file.platforms]
  const callers = [...callersOfEnvironment(read), ...file.callers]
  for (const { name, problem } of unknownSettings(variables, file.names)) warn(name, problem)

  const redis = redisConfig(values, { readFile, report })
  checkDistinct(
    platforms,
    { id: (platform) => platform.id, 'component appid': (platform) => platform.componentAppId },
    report,
  )
  checkDistinct(callers, { name: (caller) => caller.name, key: (caller) => caller.key.reveal() }, report)
  checkSubscriptions(file.subscriptions ?? [], platforms, report)
  checkPorts(values, report)
  if (!isSet('SEALING_KEYS', variables) && !values.ALLOW_UNSEALED)
    report('SEALING_KEYS', 'is required unless ALLOW_UNSEALED=true')
  if (values.SEALING_KEYS?.length === 0) report('SEALING_KEYS', 'has no entry')
  const leastDedupeSeconds = 2 * values.PUSH_MAX_SKEW_SECONDS
  if (values.DEDUPE_SECONDS !== undefined && values.DEDUPE_SECONDS < leastDedupeSeconds) {
    report(
      'DEDUPE_SECONDS',
      'must be at least 2 x PUSH_MAX_SKEW_SECONDS, or a push could be replayed after it was forgotten',
    )
  }
  if (problems.length > 0) throw new ConfigError(problems, warnings)

  const parts = {
    redis,
    platforms: platforms.map(({ value }) => value),
    callers: callers.map(({ value }) => value),
    subscriptions: file.subscriptions?.map(({ value }) => value),
    dedupeSeconds: values.DEDUPE_SECONDS ?? Math.max(DEFAULT_DEDUPE_SECONDS, leastDedupeSeconds),
    warnings,
  }
  return frozen(configOf(values, parts))
}

type Read = { values: SettingValues; variables: Variables; file: ConfigFile; report: ReportProblem }

// When one of the WX_* settings is there, all four are required.
function platformOfEnvironment({ values, variables, file, report }: Read): Placed<PlatformConfig>[] {
  const isMeant = OF_A_PLATFORM.some((name) => isSet(name, variables))
  if (!isMeant && file.givesPlatforms) return []
  for (const name of REQUIRED_OF_A_PLATFORM) {
    if (!isSet(name, variables)) report(name, isMeant ? 'is required' : 'is required unless CONFIG_FILE has platforms')
  }
  const {
    WX_COMPONENT_APPID: componentAppId,
    WX_COMPONENT_APPSECRET: componentAppSecret,
    WX_TOKEN: token,
    WX_ENCODING_AES_KEY: encodingAesKey,
  } = values
  if (componentAppId === undefined || !componentAppSecret || !token || !encodingAesKey) return []
  const value = {
    id: values.WX_PLATFORM_ID,
    componentAppId,
    componentAppSecret,
    token,
    encodingAesKey,
    previousToken: values.WX_PREVIOUS_TOKEN,
    previousEncodingAesKey: values.WX_PREVIOUS_ENCODING_AES_KEY,
    eventLog: true,
  }
  return [{ place: 'the platform of WX_PLATFORM_ID and WX_COMPONENT_APPID', value }]
}

function callersOfEnvironment({ values, variables, file, report }: Read): Placed<CallerConfig>[] {
  if (!isSet('API_KEYS', variables) && !file.givesCallers)
    report('API_KEYS', 'is required unless CONFIG_FILE has callers')
  if (values.API_KEYS?.length === 0) report('API_KEYS', 'has no entry')
  return (values.API_KEYS ?? []).map((value, index) => ({ place: `API_KEYS entry ${index + 1}`, value }))
}

const ALL_ADDRESSES = ['0.0.0.0', '::']

function checkPorts(values: SettingValues, report: ReportProblem): void {
  const { PUBLIC_PORT: port, PUBLIC_HOST: publicHost, INTERNAL_HOST: internalHost } = values
  if (port !== values.INTERNAL_PORT || port === 0 || values.LISTENERS.length < 2) return
  const overlap = publicHost === internalHost || [publicHost, internalHost].some((host) => ALL_ADDRESSES.includes(host))
  if (overlap) report('INTERNAL_PORT', 'must not be PUBLIC_PORT: both listeners are served, on the same address')
}

function checkSubscriptions(
  declared: readonly Placed<DeclaredSubscription>[],
  platforms: readonly Placed<PlatformConfig>[],
  report: ReportProblem,
): void {
  checkDistinct(declared, { 'platform and name': ({ platform, name }) => `${platform}.${name}` }, report)
  for (const { place, value } of declared) {
    if (!platforms.some(({ value: { id } }) => id === value.platform))
      report(place, 'names a platform that is not configured')
  }
}

function checkDistinct<T>(
  entries: readonly Placed<T>[],
  keys: Record<string, (value: T) => string>,
  report: ReportProblem,
): void {
  for (const [what, keyOf] of Object.entries(keys)) {
    const firstPlaces = new Map<string, string>()
    for (const { place, value } of entries) {
      const firstPlace = firstPlaces.get(keyOf(value))
      if (firstPlace === undefined) firstPlaces.set(keyOf(value), place)
      else report(place, `has the same ${what} as ${firstPlace}`)
    }
  }
}

// Buffers cannot be frozen, and secrets need not be.
function frozen<T>(value: T): T {
  if (
    Array.isArray(value) ||
    (value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype)
  ) {
    for (const inner of Object.values(value)) frozen(inner)
    Object.freeze(value)
  }
  return value
}
