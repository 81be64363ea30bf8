// Owns: closing connections to a former master as soon as the sentinels name another one. A former master that restarts
// or resumes acts as a master for ten seconds, until the sentinels make it a replica. Writes to it are lost.
import type { Socket } from 'node:net'
import { pause } from '@wxgw/wechat-core'
import type { MasterView, MasterViews } from './master-views.ts'

export type MasterFollower = {
  /** The newest view of the master. undefined when no sentinel knows one. Connects to the sentinels if needed. */
  newest(): Promise<MasterView | undefined>
  /** Destroys the stream when the sentinels name another master than `view`. */
  follow(stream: Socket, view: MasterView | undefined): void
  /** Call it after `newest` when no stream was opened. */
  release(): void
}

const POLL_MS = 500

/** For all connections to one master. Sentinels are polled while there is a connection; each `newest` counts as one. */
export function createMasterFollower(open: () => MasterViews): MasterFollower {
  const followed = new Map<Socket, MasterView | undefined>()
  let users = 0
  let views: MasterViews | undefined
  let closing = new AbortController()

  function use(): MasterViews {
    users += 1
    if (views) return views
    views = open()
    closing = new AbortController()
    void poll(views, closing.signal)
    return views
  }

  function release(): void {
    users -= 1
    if (users > 0) return
    closing.abort()
    views?.close()
    views = undefined
  }

  async function poll(polled: MasterViews, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(POLL_MS, signal, { ref: false })
      const view = await polled.newest()
      if (view && !signal.aborted) leaveFormer(view)
    }
  }

  function leaveFormer(view: MasterView): void {
    for (const [stream, before] of followed) {
      // The stream was opened while no view was known: from now on it is compared with this one.
      if (before === undefined) followed.set(stream, view)
      else if (isAnother(view, before)) stream.destroy()
    }
  }

  return {
    newest: () => use().newest(),
    follow(stream, view) {
      followed.set(stream, view)
      stream.once('close', () => {
        followed.delete(stream)
        release()
      })
    },
    release,
  }
}

/** New sentinels begin with epoch 0, so an undisputed view counts without a larger epoch. */
function isAnother(view: MasterView, before: MasterView): boolean {
  return view.master !== before.master && (view.epoch > before.epoch || view.isUndisputed)
}
