// Owns: the record that is stored when a subscription is created or replaced.
import type { SubscriptionInput } from '@wxgw/contracts'
import { type Clock, GatewayError } from '@wxgw/wechat-core'
import { checkInput, type CheckWebhookUrl, keepName } from './check-input.ts'
import type { NextRecord } from './declared.ts'
import type { WebhookSecretSeal } from './seal-webhook-secrets.ts'
import type { SubscriptionRecord } from './subscription-record.ts'
import { generateWebhookSecret, replaceSecret, type SealedSecret } from './webhook-secret.ts'

type Deps = { platform: string; checkWebhookUrl: CheckWebhookUrl; seal: WebhookSecretSeal; clock: Clock }

/**
 * `declared`: the input comes from a file. `answered`: a new webhook secret, which is in the caller's response. Throws
 * INVALID_REQUEST, and STORE_UNAVAILABLE while the subscription is being deleted.
 */
type MakeNextRecord = (next: NextRecord) => { record: SubscriptionRecord; answered: string | undefined }

export function createNextRecord({ platform, checkWebhookUrl, seal, clock }: Deps): MakeNextRecord {
  /** The secrets after the change. */
  function nextSecrets(name: string, input: SubscriptionInput, known: SubscriptionRecord | undefined) {
    if (input.sink.kind !== 'webhook') return { secrets: [], answered: undefined }
    const given = input.sink.secret
    const before: readonly SealedSecret[] = known?.secrets ?? []
    const [current] = before
    if (!current) {
      const secret = given ?? generateWebhookSecret()
      return { secrets: [{ sealed: seal.seal(name, secret) }], answered: secret }
    }
    const unchanged = given === undefined || seal.open(name, current).reveal() === given
    const secrets = unchanged ? [...before] : replaceSecret(before, seal.seal(name, given), clock.nowMs())
    return { secrets, answered: undefined }
  }

  return ({ name, input, known, declared }) => {
    if (known?.deleting)
      throw new GatewayError('STORE_UNAVAILABLE', 'the subscription is being deleted', { retry: true })
    const checked = checkInput({ platform, checkWebhookUrl }, name, input)
    const { secrets, answered } = nextSecrets(name, input, known)
    const nowMs = clock.nowMs()
    const sink = keepName(checked.sink, { given: input.sink, known: known?.subscription.sink })
    const record: SubscriptionRecord = {
      v: 1,
      subscription: {
        ...checked,
        sink,
        declared: declared !== undefined,
        createdAtMs: known?.subscription.createdAtMs ?? nowMs,
        updatedAtMs: nowMs,
      },
      secrets,
      ...(declared ? { declared } : {}),
      ...(known === undefined || known.dotted ? { dotted: true } : {}),
      ...(known?.nothingOldSinceMs === undefined ? {} : { nothingOldSinceMs: known.nothingOldSinceMs }),
      ...(known?.movedFrom && sink.kind === 'queue' ? { movedFrom: known.movedFrom } : {}),
    }
    return { record, answered }
  }
}
