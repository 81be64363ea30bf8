// Owns: a lock file, so that one command at a time installs and builds a tree. It takes over the lock of a dead process.
import { rmSync } from 'node:fs'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 100
/** Longer than any install: an older lock is stale even if a process has its id, which was reused. */
const MAX_HELD_MS = 30 * 60_000
const MAX_TAKEOVER_MS = 10_000

/** Runs `work` while holding the lock file `path`. Waits while its holder lives, and calls `onWait` once. */
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

// Removing needs a second lock, and checks again while holding it: a lock that was just taken over is never removed.
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
  // Created, but the holder has not written its id yet.
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
    // EPERM: it is alive and belongs to another user.
    return error.code !== 'ESRCH'
  }
}
