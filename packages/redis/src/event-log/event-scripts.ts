// Owns: the definitions of the scripts that write the event log. Every key of the log expires; all keys of a shard
// share its hash tag.
import { defineScript } from '../lua/define-script.ts'

export const recordEvents = defineScript({
  name: 'event-log/record-events',
  keys: ['all', 'unsettled', 'feed', 'feedEnd', 'usersFrom'],
  moreKeys: 'others',
  args: [
    'life',
    'maxEvents',
    'eventPrefix',
    'claimPrefix',
    'authorizerPrefix',
    'usersPrefix',
    'pending',
    'delivered',
    'timestamp',
    'undeliveredPrefix',
    'attemptsPrefix',
    'queueCount',
    'groupCount',
  ],
  moreArgs: 'records',
  records: {
    queue: ['prefix', 'jobs', 'wait', 'meta', 'counter', 'active', 'events', 'marker'],
    group: ['claimMs', 'unlessLogged', 'deliveries'],
    delivery: ['name', 'sink', 'how'],
    event: ['id', 'json', 'receivedAtMs', 'kind', 'authorizer', 'users', 'userTag', 'arrival', 'groupNumber'],
  },
})

export const changeDeliveries = defineScript({
  name: 'event-log/change-deliveries',
  keys: ['unsettled'],
  args: ['nowMs', 'life', 'undeliveredPrefix', 'attemptsPrefix'],
  eachKeys: ['key'],
  eachArgs: ['id', 'name', 'newState', 'status', 'attempts', 'jobId', 'newAttempt'],
})
