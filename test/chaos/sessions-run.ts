// Owns: `npm run test:chaos -- sessions [sessions] [views] [seed]`: the run and the verdict as exit code.
import { readOptions } from '../helpers/read-options.ts'
import { runSessions } from './sessions.ts'

const { sessions, views, seed } = readOptions({
  numbers: {
    sessions: { default: 1000 },
    views: { default: 10_000 },
    seed: { from: 0, default: Math.floor(Math.random() * 1e9) },
  },
}).values
const say = (line: string) => process.stdout.write(`${line}\n`)

const startedAt = performance.now()
const verdict = await runSessions({ sessions, views, atOnce: 20, killEveryMs: 5_000, seed, say })
say(JSON.stringify({ ...verdict, seed, seconds: Math.round((performance.now() - startedAt) / 1000) }))
const isGood = verdict.completed === sessions && verdict.wrong + verdict.notAnnouncedOnce + verdict.codesOfViews === 0
process.exitCode = isGood ? 0 : 1
