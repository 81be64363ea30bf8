// The journal of the spool: what was appended is there after a kill, damage ends nothing but itself, and it is bounded.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { claimDirectories, openJournal, type Taken } from '@wxgw/ingress'
import t from 'tap'
import { pluck } from '../../../helpers/pluck.ts'
import { until } from '../../../helpers/until.ts'

const MIB = 1024 * 1024

async function directory(t: { teardown(fn: () => Promise<void>): void }): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'wxgw-journal-'))
  t.teardown(() => rm(dir, { recursive: true, force: true }))
  return dir
}

function collector(outcome: (payload: string) => Taken = () => 'taken') {
  const taken: string[] = []
  return {
    taken,
    take: async (payload: string) => {
      const said = outcome(payload)
      if (said === 'taken') taken.push(payload)
      return said
    },
  }
}

void t.test('what was appended is handed over once, and then forgotten', async (t) => {
  const dir = await directory(t)
  const journal = await openJournal({ dir, maxBytes: MIB })
  await Promise.all(Array.from({ length: 100 }, (_, index) => journal.append(`record ${index}`)))
  t.ok(journal.bytes() > 0)
  const first = collector()
  t.equal(await journal.drain(first.take), true)
  t.same(first.taken.toSorted(), Array.from({ length: 100 }, (_, index) => `record ${index}`).toSorted())
  t.equal(journal.bytes(), 0)
  t.same(await readdir(dir), [])
  const second = collector()
  await journal.drain(second.take)
  t.same(second.taken, [])
  await journal.close()
})

void t.test('what cannot be taken now stays, and what comes meanwhile goes to another file', async (t) => {
  const dir = await directory(t)
  const journal = await openJournal({ dir, maxBytes: MIB })
  await journal.append('first')
  t.equal(await journal.drain(async () => 'again'), false)
  await journal.append('second')
  const { taken, take } = collector()
  t.equal(await journal.drain(take), true)
  t.same(taken, ['first', 'second'])
  await journal.close()
})

void t.test('nothing that is appended while it drains is lost', async (t) => {
  const dir = await directory(t)
  const journal = await openJournal({ dir, maxBytes: 64 * MIB })
  const { taken, take } = collector()
  const appended: string[] = []
  async function append(lane: number) {
    for (let count = 0; count < 100; count += 1) {
      const record = `record ${lane} ${count}`
      await journal.append(record)
      appended.push(record)
    }
  }
  const appending = Promise.all([0, 1, 2, 3].map(append))
  let isAppending = true
  void appending.then(() => (isAppending = false))
  while (isAppending) await journal.drain(take)
  await appending
  await journal.drain(take)
  t.same(taken.toSorted(), appended.toSorted())
  await journal.close()
})

void t.test('a record that was cut off in the middle hides none before it', async (t) => {
  const dir = await directory(t)
  const before = await openJournal({ dir, maxBytes: MIB })
  await before.append('whole')
  await before.close()
  const [name = ''] = await readdir(dir)
  await appendFile(join(dir, name), Buffer.from([0, 0, 0, 9, 1, 2, 3, 4, 5]))
  const journal = await openJournal({ dir, maxBytes: MIB })
  const { taken, take } = collector()
  t.equal(await journal.drain(take), true)
  t.same(taken, ['whole'])
  await journal.close()
})

void t.test('a flipped bit is noticed', async (t) => {
  const dir = await directory(t)
  const before = await openJournal({ dir, maxBytes: MIB })
  await before.append('true')
  await before.close()
  const [name = ''] = await readdir(dir)
  const bytes = await readFile(join(dir, name))
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1)
  await writeFile(join(dir, name), bytes)
  const damage: number[] = []
  const journal = await openJournal({ dir, maxBytes: MIB, onDamage: (count) => damage.push(count) })
  const { taken, take } = collector()
  await journal.drain(take)
  t.same(taken, [])
  t.same(damage, [bytes.length])
  t.match((await readdir(dir))[0], /\.unreadable$/, 'the file is kept for whoever can make something of it')
  await journal.close()
})

void t.test('what nobody can read is kept aside', async (t) => {
  const dir = await directory(t)
  const journal = await openJournal({ dir, maxBytes: MIB })
  await journal.append('good')
  await journal.append('bad')
  const { taken, take } = collector((payload) => (payload === 'bad' ? 'unreadable' : 'taken'))
  t.equal(await journal.drain(take), true)
  t.same(taken, ['good'])
  const [name = ''] = await readdir(dir)
  t.match(name, /\.unreadable$/)
  await journal.close()
})

void t.test('beyond its bound it refuses with STORE_UNAVAILABLE', async (t) => {
  const journal = await openJournal({ dir: await directory(t), maxBytes: 1_000 })
  await journal.append('x'.repeat(900))
  await t.rejects(journal.append('y'.repeat(100)), { code: 'STORE_UNAVAILABLE' })
  const { taken, take } = collector()
  await journal.drain(take)
  t.equal(taken.length, 1)
  await journal.append('y'.repeat(100))
  await journal.close()
})

void t.test('each kill -9 leaves every record that had been answered', async (t) => {
  const dir = await directory(t)
  const module = import.meta.resolve('@wxgw/ingress')
  const script = `
    import { openJournal } from ${JSON.stringify(module)}
    const journal = await openJournal({ dir: ${JSON.stringify(dir)}, maxBytes: ${64 * MIB} })
    await Promise.all(Array.from({ length: 16 }, async (_, lane) => {
      for (let count = 0; ; count += 1) {
        const record = [process.pid, lane, count].join('-')
        await journal.append(record)
        process.stdout.write(record + '\\n')
      }
    }))`
  const answered: string[] = []
  for (let kill = 0; kill < 5; kill += 1) {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
    await until('records are answered', () => text.split('\n').length > 200 * (kill + 1))
    child.kill('SIGKILL')
    await once(child, 'close')
    // The last line may have been cut off on its way; it is no answer then.
    answered.push(...text.split('\n').slice(0, -1))
  }
  const journal = await openJournal({ dir, maxBytes: 64 * MIB })
  const { taken, take } = collector()
  t.equal(await journal.drain(take), true)
  const there = new Set(taken)
  const found = answered.filter((record) => !there.has(record))
  t.same(found, [], `${answered.length} answered over 5 kills`)
  await journal.close()
})

void t.test('two processes never have the same directory, and what a dead one left is found', async (t) => {
  const root = await directory(t)
  const first = await claimDirectories(root)
  const second = await claimDirectories(root)
  t.not(first.own.dir, second.own.dir)
  t.same(second.left, [])
  await first.own.release()
  const third = await claimDirectories(root)
  t.equal(third.own.dir, first.own.dir)
  await writeFile(join(second.own.dir, '000000000001.spool'), '')
  await second.own.release()
  await third.own.release()
  const fourth = await claimDirectories(root)
  t.same(pluck(fourth.left, 'dir'), [second.own.dir], 'the other one has nobody any more')
  await Promise.all([fourth.own, ...fourth.left].map((claimed) => claimed.release()))
})

void t.test('several that start again and again together need no more directories than they are', async (t) => {
  const root = await directory(t)
  for (let start = 0; start < 4; start += 1) {
    const all = [await claimDirectories(root), await claimDirectories(root), await claimDirectories(root)]
    await Promise.all(all.flatMap(({ own, left }) => [own, ...left]).map((claimed) => claimed.release()))
  }
  t.equal((await readdir(root)).length, 3)
})

void t.test('a path that is too long for a lock is refused, not cut off', async (t) => {
  const root = await directory(t)
  await t.rejects(claimDirectories(join(root, 'x'.repeat(200))), /SPOOL_DIR is \d+ bytes too long/)
  const exact = join(root, 'x'.repeat(103 - '/00/lock'.length - root.length - 1))
  const { own } = await claimDirectories(exact)
  t.equal((await claimDirectories(exact)).own.dir === own.dir, false, 'the longest one that is taken is locked')
  await t.rejects(claimDirectories(`${exact}x`), /1 bytes too long/)
})
