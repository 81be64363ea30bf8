// Owns: `npm run test:chaos -- sessions [sessions [views [seed]]]`: the run and the verdict as exit code.
import { runSessions } from './sessions.ts'

const sessions = Number(process.argv[2] ?? 1000)
const views = Number(process.argv[3] ?? 10_000)
const seed = Number(process.argv[4] ?? Math.floor(Math.random() * 1e9))
const say = (line: string) => process.stdout.write(`${line}\n`)

const startedAt = performance.now()
const verdict = await runSessions({ sessions, views, atOnce: 20, killEveryMs: 5_000, seed, say })
say(JSON.stringify({ ...verdict, seed, seconds: Math.round((performance.now() - startedAt) / 1000) }))
const isGood = verdict.completed === sessions && verdict.wrong + verdict.notAnnouncedOnce + verdict.codesOfViews === 0
process.exitCode = isGood ? 0 : 1
