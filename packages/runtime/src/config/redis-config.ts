// Owns: the settings of Redis: which belong to which mode, whether several URLs agree, and the files for TLS. A setting
// that the chosen mode ignores is a problem: an operator would believe that a password or a CA is in use.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { RedisLogin, RedisTls } from '@wxgw/contracts'
import { Secret } from '@wxgw/wechat-core'
import type { RedisConfig } from './config.ts'
import type { ReportProblem } from './config-error.ts'
import type { RedisUrl } from './redis-url.ts'
import type { SettingValues } from './settings.ts'
import { type ReadFile, readTextFile } from './text-file.ts'

const DEFAULT_PORT = 6379
const DEFAULT_SENTINEL_PORT = 26_379
const TLS_FILES = ['REDIS_TLS_CA_FILE', 'REDIS_TLS_CERT_FILE', 'REDIS_TLS_KEY_FILE'] as const
const OF_SENTINELS = ['REDIS_SENTINEL_NAME', 'REDIS_SENTINEL_USERNAME', 'REDIS_SENTINEL_PASSWORD'] as const

type Deps = { readFile: ReadFile; report: ReportProblem }

/** Reports problems; after one, the result must not be used. */
export function redisConfig(values: SettingValues, { readFile, report }: Deps): RedisConfig {
  const { REDIS_URL: urls, REDIS_MODE: mode } = values
  checkMode(values, report)
  checkAgreement(urls, report)
  checkUnusedTls(values, report)
  const [first] = urls
  const defaultPort = mode === 'sentinel' ? DEFAULT_SENTINEL_PORT : DEFAULT_PORT
  return {
    mode,
    endpoints: urls.map(({ host, port = defaultPort }) => ({ host, port })),
    login: first ? loginOf(first) : NO_LOGIN,
    database: first?.database ?? 0,
    tls: first?.tls ? tlsOf(values, { readFile, report }) : undefined,
    sentinel: sentinelOf(values),
    minReplicas: values.REDIS_MIN_REPLICAS,
  }
}

const NO_LOGIN: RedisLogin = { username: undefined, password: undefined }

function loginOf({ username, password }: RedisUrl): RedisLogin {
  return { username: username === '' ? undefined : username, password }
}

function checkMode(values: SettingValues, report: ReportProblem): void {
  const { REDIS_URL: urls, REDIS_MODE: mode } = values
  if (urls.length === 0) report('REDIS_URL', 'has no entry')
  if (mode === 'standalone' && urls.length > 1) {
    report('REDIS_URL', 'must be a single URL unless REDIS_MODE is cluster or sentinel')
  }
  if (mode === 'cluster' && urls.some(({ database = 0 }) => database > 0)) {
    report('REDIS_URL', 'must not choose a database: a cluster has only number 0')
  }
  if (mode === 'sentinel' && values.REDIS_SENTINEL_NAME === undefined) {
    report('REDIS_SENTINEL_NAME', 'is required with REDIS_MODE=sentinel')
  }
  if (mode !== 'sentinel') {
    for (const name of OF_SENTINELS) {
      if (values[name] !== undefined)
        report(name, `has no meaning with REDIS_MODE=${mode}: leave it out, or set REDIS_MODE=sentinel`)
    }
  }
  if (values.REDIS_SENTINEL_USERNAME !== undefined && values.REDIS_SENTINEL_PASSWORD === undefined) {
    report('REDIS_SENTINEL_PASSWORD', 'is required with REDIS_SENTINEL_USERNAME')
  }
}

/** URLs after the first may leave out credentials and database; otherwise these must be the same. */
function checkAgreement(urls: readonly RedisUrl[], report: ReportProblem): void {
  const [first] = urls
  for (const [index, url] of urls.entries()) {
    if (!first || index === 0) continue
    const entry = `entry ${index + 1}`
    if (url.tls !== first.tls) report('REDIS_URL', `${entry} must be ${first.tls ? 'rediss' : 'redis'}: as the first`)
    const hasLogin = url.username !== '' || url.password !== undefined
    const isSame = url.username === first.username && url.password?.reveal() === first.password?.reveal()
    if (hasLogin && !isSame) report('REDIS_URL', `${entry} must have the credentials of the first, or none`)
    if (url.database !== undefined && url.database !== (first.database ?? 0)) {
      report('REDIS_URL', `${entry} must have the database of the first, or none`)
    }
  }
  for (const url of urls) {
    if (url.username === '' || url.password !== undefined) continue
    report('REDIS_URL', 'names a user without a password')
    return
  }
}

function sentinelOf(values: SettingValues): RedisConfig['sentinel'] {
  const { REDIS_SENTINEL_NAME: name, REDIS_SENTINEL_USERNAME: username, REDIS_SENTINEL_PASSWORD: password } = values
  if (values.REDIS_MODE !== 'sentinel' || name === undefined) return undefined
  return { name, login: password ? { username, password } : undefined }
}

function tlsOf(values: SettingValues, { readFile, report }: Deps): RedisTls {
  const [ca, cert, key] = TLS_FILES.map((name) => {
    const path = values[name]
    return path === undefined ? undefined : textOf(path, name, { readFile, report })
  })
  if ((values.REDIS_TLS_CERT_FILE === undefined) !== (values.REDIS_TLS_KEY_FILE === undefined)) {
    const missing = values.REDIS_TLS_CERT_FILE === undefined ? 'REDIS_TLS_CERT_FILE' : 'REDIS_TLS_KEY_FILE'
    report(missing, 'is required: a client certificate is a certificate and its key')
  }
  const caCertificate = ca === undefined ? undefined : certificateOf(ca, 'REDIS_TLS_CA_FILE', report)
  const certificate = cert === undefined ? undefined : certificateOf(cert, 'REDIS_TLS_CERT_FILE', report)
  if (key !== undefined) checkKey(key, certificate, report)
  return {
    ca: caCertificate && ca,
    cert: certificate && cert,
    key: key === undefined ? undefined : new Secret(key),
  }
}

/** With `redis:` URLs a TLS file would never be read. */
function checkUnusedTls(values: SettingValues, report: ReportProblem): void {
  if (values.REDIS_URL.some(({ tls }) => tls)) return
  for (const name of TLS_FILES) {
    if (values[name] !== undefined) report(name, 'has no meaning: REDIS_URL is redis:, not rediss:')
  }
}

function textOf(path: string, name: (typeof TLS_FILES)[number], { readFile, report }: Deps): string | undefined {
  const text = readTextFile(path, readFile)
  if ('value' in text) return text.value
  report(name, text.problem)
  return undefined
}

function certificateOf(pem: string, name: string, report: ReportProblem): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    report(name, 'names a file that holds no PEM certificate')
    return undefined
  }
}

function checkKey(pem: string, certificate: X509Certificate | undefined, report: ReportProblem): void {
  try {
    const key = createPrivateKey(pem)
    if (certificate && !certificate.checkPrivateKey(key)) {
      report('REDIS_TLS_KEY_FILE', 'is not the key of the certificate in REDIS_TLS_CERT_FILE')
    }
  } catch {
    report('REDIS_TLS_KEY_FILE', 'names a file that holds no PEM key without a passphrase')
  }
}
