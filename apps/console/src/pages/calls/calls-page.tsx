// Owns: the page that calls an API of WeChat for an account or the component.
import { useState } from 'react'
import { Button } from 'tdesign-react/es/button'
import { type KnownApi, useCatalogue } from '../../api/catalogue.ts'
import { useRoute } from '../../routing/route.ts'
import { reachesApi, useSession } from '../../session/session.ts'
import { consoleTexts } from '../../texts/console.ts'
import { useTexts } from '../../texts/language.ts'
import { Action } from '../../ui/actions.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { AnswerCard } from './call-answer.tsx'
import { type CallDraft, type Kind, KINDS, errorsOf } from './call-draft.ts'
import { CallFields } from './call-fields.tsx'
import { AboutApi } from './about-api.tsx'
import { type CallAnswer, makeCall } from './make-call.ts'
import { RefusedCalls } from './refused-calls.tsx'
import { callTexts } from './texts.ts'

const ACTIONS = { account: 'api:call', component: 'component_api:call' } as const

export function CallsPage() {
  const { may } = useSession()
  const texts = useTexts(callTexts)
  const common = useTexts(consoleTexts)
  const kinds = KINDS.filter((kind) => may({ action: ACTIONS[kind] }))
  const [first] = kinds
  return (
    <Page title={common.calls} name={common.calls} lead={texts.lead}>
      {first ? <CallForm kinds={kinds} first={first} /> : null}
      {may({ action: 'console:use', whole: true }) ? <RefusedCalls /> : null}
    </Page>
  )
}

function CallForm({ kinds, first }: { kinds: readonly Kind[]; first: Kind }) {
  const { platform } = useSession()
  const texts = useTexts(callTexts)
  const appid = useRoute().query.get('appid') ?? ''
  const [draft, setDraft] = useState<CallDraft>({ kind: first, appid, method: 'POST', path: '', query: '', body: '' })
  const [isSubmitted, setSubmitted] = useState(false)
  const [answer, setAnswer] = useState<CallAnswer>()
  const apis = useCallableApis(draft)
  const known = apis.find(({ method, path }) => method === draft.method && path === draft.path)
  const errors = useErrors(draft)
  const isSafe = known !== undefined && known.effect !== 'not-repeatable'
  const warning = known === undefined ? texts.warningUnknown : texts.warning
  return (
    <>
      <div className="columns">
        <Card>
          <div className="form">
            <CallFields
              kinds={kinds}
              draft={draft}
              onDraft={setDraft}
              apis={apis}
              errors={errors}
              isSubmitted={isSubmitted}
            />
            {Object.keys(errors).length > 0 ? (
              <Button theme="primary" onClick={() => setSubmitted(true)}>
                {texts.call}
              </Button>
            ) : (
              <Action
                theme="primary"
                confirm={isSafe ? undefined : warning}
                run={() => makeCall(platform, draft).then(setAnswer)}
              >
                {texts.call}
              </Action>
            )}
          </div>
        </Card>
        {draft.path === '' ? null : <AboutApi known={known} appid={draft.kind === 'account' ? draft.appid : ''} />}
      </div>
      {answer ? <AnswerCard answer={answer} /> : null}
    </>
  )
}

function useErrors(draft: CallDraft) {
  const { platform, session } = useSession()
  const texts = useTexts(callTexts)
  const { kind, appid, path } = draft
  const need = {
    platform,
    action: ACTIONS[kind],
    path,
    ...(kind === 'account' ? { authorizer: appid } : { whole: true }),
  }
  const errors = errorsOf(draft, texts)
  if (errors.path || errors.appid || reachesApi(session, need)) return errors
  return { ...errors, path: texts.notGranted }
}

/** APIs of the catalogue for this kind of token that the caller may call. `proxy` marks those that handle credentials. */
function useCallableApis({ kind }: CallDraft): KnownApi[] {
  const { platform, session } = useSession()
  const { data } = useCatalogue()
  return (data?.apis ?? []).filter(
    ({ token, proxy, path }) =>
      proxy === undefined &&
      (token === kind || token === 'account-or-component') &&
      reachesApi(session, { platform, action: ACTIONS[kind], path }),
  )
}
