// Owns: that of several commands on one tree only one installs and builds at a time. The lock of a dead process is taken over.
import { rmSync } from 'node:fs'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 100
/** Longer than any install: after it, a process with the holder's id is taken for another one. */
const MAX_HELD_MS = 30 * 60_000
const MAX_TAKEOVER_MS = 10_000

/** Runs `work` while holding the lock file `path`; waits for it as long as its holder lives, and says so once by `onWait`. */
export async function withLock(path, work, { onWait } = {}) {
  let hasWaited = false
  while (!(await create(path))) {
    if (await removeStale(path)) continue
    if (!hasWaited) onWait?.()
    hasWaited = true
    await delay(POLL_MS)
  }
  const release = () => rmSync(path, { force: true })
  process.once('exit', release)
  try {
    return await work()
  } finally {
    process.off('exit', release)
    release()
  }
}

async function create(path) {
  try {
    await writeFile(path, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

// Only whoever holds the second lock may remove the first, and looks again when it does: a lock just taken is never removed.
async function removeStale(path) {
  if (!(await isStale(path))) return false
  const takeover = `${path}.takeover`
  if (!(await create(takeover))) {
    if ((await ageMs(takeover)) > MAX_TAKEOVER_MS) await rm(takeover, { force: true })
    return false
  }
  try {
    if (await isStale(path)) await rm(path, { force: true })
    return true
  } finally {
    await rm(takeover, { force: true })
  }
}

async function isStale(path) {
  const [text, age] = await Promise.all([readFile(path, 'utf8').catch(emptyWhenGone), ageMs(path)])
  // Created, but its holder's id is not written yet.
  if (text === '') return age > MAX_TAKEOVER_MS
  return age > MAX_HELD_MS || !isAlive(Number(text))
}

async function ageMs(path) {
  const stats = await stat(path).catch((error) => emptyWhenGone(error))
  return stats === '' ? 0 : Date.now() - stats.mtimeMs
}

function emptyWhenGone(error) {
  if (error.code === 'ENOENT') return ''
  throw error
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it lives, under another user.
    return error.code !== 'ESRCH'
  }
}
