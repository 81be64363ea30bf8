// Owns: that a lost ASKING of ioredis' Cluster leaves no unhandled rejection, which would end the process.
import type { Cluster, Redis } from 'ioredis'

/**
 * When a slot moves, ioredis sends ASKING before the command that it redirects, and drops its promise. When the node is
 * lost meanwhile, both fail: the command's failure is its caller's to handle, that of ASKING says nothing more.
 */
export function withHandledAsking(cluster: Cluster): Cluster {
  cluster.on('+node', (node: Redis) => {
    const asking = node.asking.bind(node)
    // An argument that is undefined would be sent: ASKING takes none, and the command would not be redirected.
    node.asking = (...args) => {
      const sent = asking(...args)
      sent.catch(() => undefined)
      return sent
    }
  })
  // BullMQ's workers read on a duplicate of the connection that they are given.
  const duplicate = cluster.duplicate.bind(cluster)
  cluster.duplicate = (...changes) => withHandledAsking(duplicate(...changes))
  return cluster
}
