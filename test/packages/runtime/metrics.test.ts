// Owns: that a process' metrics are its own and in Prometheus' format.
import { createMetrics } from '@wxgw/runtime'
import t from 'tap'

void t.test("a process has Node's metrics and its own, under its name", async (t) => {
  const metrics = createMetrics({ process: 'ingress' })
  metrics.counter({ name: 'wxgw_pushes_total', help: 'Pushes.', labels: ['outcome'] }).inc({ outcome: 'accepted' }, 2)
  metrics.histogram({ name: 'wxgw_push_seconds', help: 'Time.', buckets: [0.1, 1] }).observe(0.5)
  metrics.gauge({
    name: 'wxgw_backlog',
    help: 'Waiting.',
    collect: async (gauge) => gauge.set(await Promise.resolve(7)),
  })
  const text = await metrics.text()
  t.match(text, /^process_cpu_seconds_total\{process="ingress"\}/m)
  t.match(text, /^wxgw_pushes_total\{outcome="accepted",process="ingress"\} 2$/m)
  t.match(text, /^wxgw_push_seconds_bucket\{le="1",process="ingress"\} 1$/m)
  t.match(text, /^wxgw_backlog\{process="ingress"\} 7$/m)
  t.match(metrics.contentType, /^text\/plain; version=0\.0\.4/)
})

void t.test('two registries in one process do not meet, and a name is taken once', async (t) => {
  const metrics = createMetrics({ process: 'ingress' })
  const others = createMetrics({ process: 'worker' })
  metrics.counter({ name: 'wxgw_a_total', help: 'A.' })
  t.throws(() => metrics.counter({ name: 'wxgw_a_total', help: 'A.' }))
  t.doesNotThrow(() => others.counter({ name: 'wxgw_a_total', help: 'A.' }))
})
