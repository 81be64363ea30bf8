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
    'pending',
    'delivered',
    'timestamp',
    'undeliveredPrefix',
    'attemptsPrefix',
    'queueCount',
  ],
  moreArgs: 'records',
  records: {
    queue: ['prefix', 'jobs', 'wait', 'meta', 'counter', 'active', 'events', 'marker'],
    event: [
      'id',
      'json',
      'receivedAtMs',
      'kind',
      'authorizer',
      'ofAuthorizer',
      'ofUser',
      'userMember',
      'claimed',
      'arrival',
      'claimMs',
      'unlessLogged',
      'deliveries',
    ],
    delivery: ['name', 'sink', 'how'],
  },
})

export const changeDeliveries = defineScript({
  name: 'event-log/change-deliveries',
  keys: ['unsettled'],
  args: ['nowMs', 'life', 'undeliveredPrefix', 'attemptsPrefix'],
  eachKeys: ['key'],
  eachArgs: ['id', 'name', 'newState', 'status', 'attempts', 'jobId', 'newAttempt'],
})
