// Owns: what can be done to one subscription by a caller whose right reaches it.
import { answered, api } from '../../api/client.ts'
import { type Subscription, useReach, useReadAgain, useStats } from '../../api/subscription-queries.ts'
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
  const test = async () => onTest((await answered(api.POST(`${PATH}/test`, { params }))).eventId)
  return (
    <>
      <Action theme="primary" run={test}>
        {texts.test}
      </Action>
      <Pausing of={subscription} />
      <Enabling of={subscription} />
      {declared ? null : (
        <>
          <a className="button-link button-plain" href={hrefOf([platform, 'subscriptions', name, EDIT])}>
            {texts.edit}
          </a>
          {sink.kind === 'webhook' ? (
            <Action
              confirm={texts.rotateAsk}
              run={() => answered(api.POST(`${PATH}/rotate-secret`, { params })).then(({ secret }) => onSecret(secret))}
            >
              {texts.rotate}
            </Action>
          ) : null}
          <Removal name={name} />
        </>
      )}
    </>
  )
}

/** Who lets a replying one begin lets it answer. */
function useSwitch({ name, reply, fallback, match }: Subscription) {
  const { platform } = useSession()
  const readAgain = useReadAgain()
  const reaches = useReach()
  return {
    mayBegin: (!reply && fallback === null) || reaches('replies:write', match),
    change: (body: { enabled?: boolean; paused?: boolean }) => () =>
      answered(api.PATCH(PATH, { params: { path: { platform, name } }, body })).then(readAgain),
  }
}

function Pausing({ of: subscription }: { of: Subscription }) {
  const texts = useTexts(subscriptionTexts)
  const { mayBegin, change } = useSwitch(subscription)
  if (!subscription.paused && !subscription.enabled) return null
  if (!subscription.paused) return <Action run={change({ paused: true })}>{texts.pause}</Action>
  return mayBegin ? <Action run={change({ paused: false })}>{texts.resume}</Action> : null
}

function Enabling({ of: subscription }: { of: Subscription }) {
  const texts = useTexts(subscriptionTexts)
  const { mayBegin, change } = useSwitch(subscription)
  if (!subscription.enabled) return mayBegin ? <Action run={change({ enabled: true })}>{texts.enable}</Action> : null
  return (
    <Action confirm={texts.disableAsk} run={change({ enabled: false })}>
      {texts.disable}
    </Action>
  )
}

function Removal({ name }: { name: string }) {
  const { platform } = useSession()
  const texts = useTexts(subscriptionTexts)
  const again = useReadAgain()
  const { data: stats } = useStats(name)
  const count = (value: number | undefined) => value?.toLocaleString() ?? '?'
  const remove = async () => {
    await answered(api.DELETE(PATH, { params: { path: { platform, name } } }))
    // First away from the page of what is no more.
    go(hrefOf([platform, 'subscriptions']))
    await again()
  }
  return (
    <Action theme="danger" confirm={texts.removeAsk(count(stats?.waiting), count(stats?.deadLetters))} run={remove}>
      {texts.remove}
    </Action>
  )
}
