// Owns: changing compiled modules as a process loads them: the edits of the lane that BENCH_LANE names.
import { register } from 'node:module'

register(new URL('./hooks.mjs', import.meta.url), { data: { lane: process.env.BENCH_LANE } })
