// Owns: installing the tests' browser: Chromium and a font with Chinese characters, from Debian's packages.
import { readFile } from 'node:fs/promises'
import { findInPath, rootPrefix, runSteps } from './package-manager.mjs'
import { say } from './run-command.mjs'

/** The font is Debian's smallest with all Chinese characters. */
const PACKAGES = ['chromium', 'fonts-wqy-microhei']
const ENVIRONMENT = { DEBIAN_FRONTEND: 'noninteractive' }
/** Bounds the wait for a mirror that does not answer. */
const PATIENCE = ['-o', 'Acquire::http::Timeout=20', '-o', 'Acquire::Retries=1']

/**
 * Installs it on Debian when apt-get may be used; Ubuntu's package of this name needs snapd. Without it the browser
 * tests are skipped, or fail when CI is set.
 */
export async function ensureBrowser() {
  if (await findInPath('chromium')) return
  const aptGet = (await isDebian()) ? await findInPath('apt-get') : undefined
  const prefix = aptGet ? await rootPrefix() : undefined
  if (!prefix) return
  say(`Installing the browser of the tests: ${PACKAGES.join(' ')} …`)
  const apt = [...prefix, aptGet, ...PATIENCE]
  const install = [...apt, 'install', '-y', '--no-install-recommends', ...PACKAGES]
  for (const steps of [[install], [[...apt, 'update'], install]]) if (await runSteps(steps, ENVIRONMENT)) return
  say(`It could not be installed. By hand: apt-get install ${PACKAGES.join(' ')}`)
}

async function isDebian() {
  try {
    return /^ID=debian$/m.test(await readFile('/etc/os-release', 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return false
    throw error
  }
}
