// Owns: the choice of a subscriptions' page by its path.
import './subscriptions.css'
import { useRoute } from '../../routing/route.ts'
import { EditSubscriptionPage, NewSubscriptionPage } from './form-pages.tsx'
import { EDIT, NEW } from './paths.ts'
import { SubscriptionList } from './subscription-list.tsx'
import { SubscriptionPage } from './subscription-page.tsx'

export function SubscriptionsPage() {
  const [name, part] = useRoute().rest
  if (name === undefined) return <SubscriptionList />
  if (name === NEW) return <NewSubscriptionPage />
  return part === EDIT ? <EditSubscriptionPage name={name} /> : <SubscriptionPage name={name} />
}
