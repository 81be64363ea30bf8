// Owns: how the driver finds the master: by the sentinel with the newest configuration, with credentials that the
// sentinels accept. It disconnects when the server is not the master any more.
import type { RedisEndpoint, RedisSettings } from '@wxgw/contracts'
import { type RedisOptions, SentinelConnector, SentinelIterator } from 'ioredis'
import { loginOptions, tlsOptions } from '../redis-settings.ts'
import { createMasterFollower, type MasterFollower } from './follow-master.ts'
import { createMasterViews } from './master-views.ts'
import { acceptedLogin, type Login, rememberLogin } from './sentinel-login.ts'

/** The driver passes the options of its connection. */
export type SentinelConnectorClass = new (options: unknown) => SentinelConnector

const connectors = new WeakMap<RedisSettings, SentinelConnectorClass>()

/** One class for all connections of the process with these settings, and their duplicates. */
export function sentinelConnector(settings: RedisSettings): SentinelConnectorClass {
  const known = connectors.get(settings) ?? connectorWith(settings)
  connectors.set(settings, known)
  return known
}

function connectorWith(settings: RedisSettings): SentinelConnectorClass {
  const { endpoints, login, sentinel } = settings
  const tls = tlsOptions(settings)
  const ofServers = loginOptions(login)
  const configured = sentinel?.login && loginOptions(sentinel.login)
  const findLogin = rememberLogin(async () => configured ?? acceptedLogin(endpoints, ofServers, tls))
  const followers = new Map<string, MasterFollower>()

  /** With and without a password the sentinels need different connections: this may change while the process runs. */
  function followerWith(accepted: Login): MasterFollower {
    const kind = accepted.password === undefined ? 'without' : 'with'
    const open = () =>
      createMasterViews({ sentinels: endpoints, name: sentinel?.name ?? '', options: { ...accepted, ...tls } })
    const follower = followers.get(kind) ?? createMasterFollower(open)
    followers.set(kind, follower)
    return follower
  }

  return class extends SentinelConnector {
    constructor(options: unknown) {
      super(options as RedisOptions)
    }

    override async connect(
      emit: Parameters<SentinelConnector['connect']>[0],
    ): ReturnType<SentinelConnector['connect']> {
      this.connecting = true
      const accepted = (await findLogin()) ?? ofServers
      const follower = followerWith(accepted)
      const view = await follower.newest()
      try {
        // The driver disconnected meanwhile.
        if (!this.connecting) throw new Error('Connection is closed.')
        const { username: sentinelUsername, password: sentinelPassword } = accepted
        Object.assign(this.options, { sentinelUsername, sentinelPassword })
        this.sentinelIterator = new SentinelIterator(withFirst(endpoints, view?.sentinel))
        const stream = await super.connect(emit)
        follower.follow(stream, view)
        return stream
      } catch (error) {
        follower.release()
        throw error
      }
    }
  }
}

function withFirst(all: readonly RedisEndpoint[], first: RedisEndpoint | undefined): RedisEndpoint[] {
  return first ? [first, ...all.filter((one) => one !== first)] : [...all]
}
