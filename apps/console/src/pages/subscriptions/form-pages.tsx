// Owns: the pages with the form: of a new subscription, and of one that is changed.
import { useState } from 'react'
import { answered, api } from '../../api/client.ts'
import { Refusal } from '../../api/refusal.ts'
import {
  type Subscription,
  useGrantedAuthorizers,
  useReadAgain,
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

/** Of the accounts that a right reaches. */
const MAX_FILLED_IN = 20
const PATH = '/apis/v1/wx/{platform}/subscriptions/{name}'

export function NewSubscriptionPage() {
  const { platform } = useSession()
  const texts = useTexts(formTexts)
  const own = useTexts(subscriptionTexts)
  const [saved, setSaved] = useState<Subscription>()
  const save = useSave(setSaved)
  // A narrowed right writes none that matches all.
  const granted = useGrantedAuthorizers('subscriptions:write')
  const first = newDraft({ isAll: granted === undefined, lines: granted?.slice(0, MAX_FILLED_IN).join('\n') ?? '' })
  async function create(draft: Draft): Promise<void> {
    const params = { path: { platform, name: draft.name } }
    const { response } = await api.GET(PATH, { params })
    if (response.ok) throw new Refusal(409, { code: 'SUBSCRIPTION_EXISTS', message: texts.taken })
    await save(draft)
  }
  return (
    <Page
      title={texts.newTitle}
      name={texts.newTitle}
      lead={<a href={hrefOf([platform, 'subscriptions'])}>← {own.back}</a>}
    >
      {saved ? <Saved subscription={saved} /> : <SubscriptionForm first={first} isNew onSubmit={create} />}
    </Page>
  )
}

export function ChangeSubscriptionPage({ name }: { name: string }) {
  const { platform } = useSession()
  const texts = useTexts(formTexts)
  const query = useSubscription(name)
  const title = texts.changeTitle(name)
  return (
    <Page title={title} name={title} lead={<a href={hrefOf([platform, 'subscriptions', name])}>← {name}</a>}>
      <Loaded query={query}>
        {(subscription) =>
          subscription.declared ? <p className="notice">{texts.declared}</p> : <Change first={subscription} />
        }
      </Loaded>
    </Page>
  )
}

/** Of what stood there when the form was opened, whatever is read of it meanwhile. */
function Change({ first }: { first: Subscription }) {
  const { platform } = useSession()
  const texts = useTexts(formTexts)
  const [opened] = useState(first)
  const [saved, setSaved] = useState<Subscription>()
  const save = useSave(setSaved)
  async function change(draft: Draft): Promise<void> {
    const params = { path: { platform, name: opened.name } }
    const now = await answered(api.GET(PATH, { params }))
    if (now.updatedAt !== opened.updatedAt) {
      throw new Refusal(409, { code: 'CHANGED_MEANWHILE', message: texts.changedMeanwhile })
    }
    await save(draft, now)
  }
  if (saved) return <Saved subscription={saved} />
  return <SubscriptionForm first={draftOf(opened)} isNew={false} onSubmit={change} />
}

/** Stays only when there is a secret to be read; otherwise the subscription's page is next. */
function useSave(onSecret: (saved: Subscription) => void) {
  const { platform } = useSession()
  const readAgain = useReadAgain()
  return async (draft: Draft, stored?: Subscription) => {
    const params = { path: { platform, name: draft.name } }
    const saved = await answered(api.PUT(PATH, { params, body: inputOf(draft, stored) }))
    await readAgain()
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
