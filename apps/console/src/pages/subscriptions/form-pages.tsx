// Owns: the pages of a new subscription and of editing one.
import { useState } from 'react'
import { api, dataOf } from '../../api/client.ts'
import { ApiError } from '../../api/api-error.ts'
import {
  type Subscription,
  useGrantedAuthorizers,
  useInvalidateSubscriptions,
  useSubscription,
} from '../../api/subscription-queries.ts'
import { go, hrefOf } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { useTexts } from '../../texts/language.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { draftOf, inputOf, newDraft, type Draft } from './draft.ts'
import { formTexts } from './form-texts.ts'
import { SecretOnce } from './secret-once.tsx'
import { SubscriptionForm } from './subscription-form.tsx'
import { subscriptionTexts } from './texts.ts'

/** Number of granted accounts filled in. */
const MAX_FILLED_IN = 20
const PATH = '/apis/v1/wx/{platform}/subscriptions/{name}'

export function NewSubscriptionPage() {
  const { platform } = useSession()
  const texts = useTexts(formTexts)
  const { back } = useTexts(subscriptionTexts)
  const [saved, setSaved] = useState<Subscription>()
  const save = useSave(setSaved)
  // With a narrowed right, a subscription must name its accounts.
  const granted = useGrantedAuthorizers('subscriptions:write')
  const initial = newDraft({ isAll: granted === undefined, lines: granted?.slice(0, MAX_FILLED_IN).join('\n') ?? '' })
  async function create(draft: Draft): Promise<void> {
    const params = { path: { platform, name: draft.name } }
    const { response } = await api.GET(PATH, { params })
    if (response.ok) throw new ApiError(409, { code: 'SUBSCRIPTION_EXISTS', message: texts.taken })
    await save(draft)
  }
  return (
    <Page
      title={texts.newTitle}
      name={texts.newTitle}
      lead={<a href={hrefOf([platform, 'subscriptions'])}>← {back}</a>}
    >
      {saved ? <Saved subscription={saved} /> : <SubscriptionForm initial={initial} isNew onSubmit={create} />}
    </Page>
  )
}

export function EditSubscriptionPage({ name }: { name: string }) {
  const { platform } = useSession()
  const texts = useTexts(formTexts)
  const query = useSubscription(name)
  const title = texts.editTitle(name)
  return (
    <Page title={title} name={title} lead={<a href={hrefOf([platform, 'subscriptions', name])}>← {name}</a>}>
      <Loaded query={query}>
        {(subscription) =>
          subscription.declared ? <p className="notice">{texts.declared}</p> : <Edit subscription={subscription} />
        }
      </Loaded>
    </Page>
  )
}

/** Edits the version that was loaded first: later fetches do not change the form. */
function Edit({ subscription }: { subscription: Subscription }) {
  const { platform } = useSession()
  const texts = useTexts(formTexts)
  const [opened] = useState(subscription)
  const [saved, setSaved] = useState<Subscription>()
  const save = useSave(setSaved)
  async function change(draft: Draft): Promise<void> {
    const params = { path: { platform, name: opened.name } }
    const current = await dataOf(api.GET(PATH, { params }))
    if (current.updatedAt !== opened.updatedAt) {
      throw new ApiError(409, { code: 'CHANGED_MEANWHILE', message: texts.changedMeanwhile })
    }
    await save(draft, current)
  }
  if (saved) return <Saved subscription={saved} />
  return <SubscriptionForm initial={draftOf(opened)} isNew={false} onSubmit={change} />
}

/** Calls `onSecret` when the answer has a secret to show; otherwise opens the subscription's page. */
function useSave(onSecret: (saved: Subscription) => void) {
  const { platform } = useSession()
  const invalidate = useInvalidateSubscriptions()
  return async (draft: Draft, stored?: Subscription) => {
    const params = { path: { platform, name: draft.name } }
    const saved = await dataOf(api.PUT(PATH, { params, body: inputOf(draft, stored) }))
    await invalidate()
    if (saved.sink.secret === undefined) go(hrefOf([platform, 'subscriptions', saved.name]))
    else onSecret(saved)
  }
}

function Saved({ subscription: { name, sink } }: { subscription: Subscription }) {
  const { platform } = useSession()
  const texts = useTexts(formTexts)
  return (
    <Card title={texts.saved}>
      <div className="stack">
        {sink.secret === undefined ? null : <SecretOnce secret={sink.secret} />}
        <a href={hrefOf([platform, 'subscriptions', name])}>{texts.toSubscription} →</a>
      </div>
    </Card>
  )
}
