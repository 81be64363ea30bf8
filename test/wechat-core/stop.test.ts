// Owns: that a Stop is heard as an AbortSignal is.
import { Stop, type StopSignal } from '@wxgw/wechat-core'
import t from 'tap'

void t.test('whoever listens is called once, with the first reason', async (t) => {
  const stop = new Stop()
  const heard: unknown[] = []
  stop.addEventListener('abort', () => heard.push(stop.reason))
  t.equal(stop.aborted, false)
  stop.abort(new Error('first'))
  stop.abort(new Error('second'))
  t.equal(stop.aborted, true)
  t.match(heard, [{ message: 'first' }])
})

void t.test('who comes too late or has left is not called, not even when another one sends him away', async (t) => {
  const ours = new Stop()
  const nodes = new AbortController()
  const kinds: [StopSignal, () => void][] = [
    [ours, () => ours.abort(new Error('the end'))],
    [nodes.signal, () => nodes.abort()],
  ]
  for (const [stop, abort] of kinds) {
    const heard: string[] = []
    const left = () => heard.push('left')
    const sentAway = () => heard.push('sent away')
    stop.addEventListener('abort', left)
    stop.removeEventListener('abort', left)
    stop.addEventListener('abort', () => {
      heard.push('stays')
      stop.removeEventListener('abort', sentAway)
    })
    stop.addEventListener('abort', sentAway)
    abort()
    stop.addEventListener('abort', () => heard.push('late'))
    abort()
    t.same(heard, ['stays'])
  }
})
