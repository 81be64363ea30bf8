// Owns: registering the hook that edits compiled modules at load, with the edits of the lane in BENCH_LANE.
import { register } from 'node:module'

register(new URL('./hooks.mjs', import.meta.url), { data: { lane: process.env.BENCH_LANE } })
