// Owns: the actions of a subscription's page.
import { api, dataOf } from '../../api/client.ts'
import { type Subscription, useInvalidateSubscriptions, useReach, useStats } from '../../api/subscription-queries.ts'
import { go, hrefOf } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { useTexts } from '../../texts/language.ts'
import { Action } from '../../ui/actions.tsx'
import { EDIT } from './paths.ts'
import { subscriptionTexts } from './texts.ts'

type Props = { subscription: Subscription; onSecret(secret: string): void; onTest(eventId: string): void }

const PATH = '/apis/v1/wx/{platform}/subscriptions/{name}'

export function SubscriptionActions({ subscription, onSecret, onTest }: Props) {
  const { platform } = useSession()
  const texts = useTexts(subscriptionTexts)
  const { name, sink, declared } = subscription
  const params = { path: { platform, name } }
  const test = async () => onTest((await dataOf(api.POST(`${PATH}/test`, { params }))).eventId)
  return (
    <>
      <Action theme="primary" run={test}>
        {texts.test}
      </Action>
      <PauseAction of={subscription} />
      <EnableAction of={subscription} />
      {declared ? null : (
        <>
          <a className="button-link button-plain" href={hrefOf([platform, 'subscriptions', name, EDIT])}>
            {texts.edit}
          </a>
          {sink.kind === 'webhook' ? (
            <Action
              confirm={texts.rotateAsk}
              run={() => dataOf(api.POST(`${PATH}/rotate-secret`, { params })).then(({ secret }) => onSecret(secret))}
            >
              {texts.rotate}
            </Action>
          ) : null}
          <DeleteAction name={name} />
        </>
      )}
    </>
  )
}

/** Starting a subscription that replies needs the right to reply. */
function usePatch({ name, reply, fallback, match }: Subscription) {
  const { platform } = useSession()
  const invalidate = useInvalidateSubscriptions()
  const reaches = useReach()
  return {
    mayStart: (!reply && fallback === null) || reaches('replies:write', match),
    change: (body: { enabled?: boolean; paused?: boolean }) => () =>
      dataOf(api.PATCH(PATH, { params: { path: { platform, name } }, body })).then(invalidate),
  }
}

function PauseAction({ of: subscription }: { of: Subscription }) {
  const texts = useTexts(subscriptionTexts)
  const { mayStart, change } = usePatch(subscription)
  if (!subscription.paused && !subscription.enabled) return null
  if (!subscription.paused) return <Action run={change({ paused: true })}>{texts.pause}</Action>
  return mayStart ? <Action run={change({ paused: false })}>{texts.resume}</Action> : null
}

function EnableAction({ of: subscription }: { of: Subscription }) {
  const texts = useTexts(subscriptionTexts)
  const { mayStart, change } = usePatch(subscription)
  if (!subscription.enabled) return mayStart ? <Action run={change({ enabled: true })}>{texts.enable}</Action> : null
  return (
    <Action confirm={texts.disableAsk} run={change({ enabled: false })}>
      {texts.disable}
    </Action>
  )
}

function DeleteAction({ name }: { name: string }) {
  const { platform } = useSession()
  const texts = useTexts(subscriptionTexts)
  const invalidate = useInvalidateSubscriptions()
  const { data: stats } = useStats(name)
  const count = (value: number | undefined) => value?.toLocaleString() ?? '?'
  const remove = async () => {
    await dataOf(api.DELETE(PATH, { params: { path: { platform, name } } }))
    // Leave first: the page would fetch the deleted subscription.
    go(hrefOf([platform, 'subscriptions']))
    await invalidate()
  }
  return (
    <Action theme="danger" confirm={texts.removeAsk(count(stats?.waiting), count(stats?.deadLetters))} run={remove}>
      {texts.remove}
    </Action>
  )
}
