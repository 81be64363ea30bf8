// Owns: the form of a new link. Coming from an account's page, its appid is filled in.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { Button } from 'tdesign-react/es/button'
import { useSetName } from '../../api/catalogue.ts'
import { api, dataOf } from '../../api/client.ts'
import { go, hrefOf, useRoute } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { consoleTexts } from '../../texts/console.ts'
import { useTexts } from '../../texts/language.ts'
import { Field, Select, TextArea, TextInput } from '../../ui/form.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { ErrorNotice } from '../../ui/error-notice.tsx'
import { DEVICES, type Draft, KINDS, LIFETIMES, newLink, type NewLink, errorsOf } from './link-checks.ts'
import { linkKeys } from './link-queries.ts'
import { linkTexts } from './texts.ts'

const DAY = '86400'

export function LinkForm() {
  const { platform, may } = useSession()
  const texts = useTexts(linkTexts)
  const common = useTexts(consoleTexts)
  const draft = useDraft()
  const { mutate, isPending, error } = useCreate()
  const errors = errorsOf(draft.values, { needsAppid: !may({ action: 'sessions:write', whole: true }), texts })
  const { values, isTouched, field } = draft
  const shown = (name: keyof Draft) => (isTouched(name) ? errors[name] : undefined)
  function submit(event: FormEvent): void {
    event.preventDefault()
    draft.touchAll()
    if (Object.keys(errors).length === 0) mutate(newLink(values))
  }
  return (
    <Page title={texts.make} name={texts.make} lead={<a href={hrefOf([platform, 'links'])}>{texts.back}</a>}>
      <Card>
        <form className="form" onSubmit={submit} noValidate>
          <Field label={texts.reference} hint={texts.referenceHint} error={shown('reference')}>
            <TextInput {...field('reference')} autofocus />
          </Field>
          <Field label={texts.appid} hint={texts.appidHint} error={shown('appid')}>
            <TextInput {...field('appid')} />
          </Field>
          <Field label={texts.sets} hint={<SetNames list={values.sets} hint={texts.setsHint} />} error={shown('sets')}>
            <TextInput {...field('sets')} placeholder="1|2|9" />
          </Field>
          <div className="filters">
            <Field label={texts.lifetime}>
              <Select
                {...field('lifetime')}
                options={LIFETIMES.map((each) => [each, texts.lifetimes[each]] as const)}
              />
            </Field>
            <Field label={texts.kind}>
              <Select {...field('kind')} options={KINDS.map((each) => [each, texts.kinds[each]] as const)} />
            </Field>
            <Field label={texts.device}>
              <Select {...field('device')} options={DEVICES.map((each) => [each, texts.devices[each]] as const)} />
            </Field>
          </div>
          <Field label={texts.returnUrl} hint={texts.returnUrlHint} error={shown('returnUrl')}>
            <TextInput type="url" {...field('returnUrl')} placeholder="https://" />
          </Field>
          <Field label={texts.tags} hint={texts.tagsHint} error={shown('tags')}>
            <TextArea {...field('tags')} rows={3} />
          </Field>
          {error ? <ErrorNotice error={error} /> : null}
          <div className="actions">
            <Button type="submit" theme="primary" loading={isPending}>
              {texts.make}
            </Button>
            <Button theme="default" href={hrefOf([platform, 'links'])}>
              {common.cancel}
            </Button>
          </div>
        </form>
      </Card>
    </Page>
  )
}

/** A field shows its error once it was edited or the form submitted. */
function useDraft() {
  const { query } = useRoute()
  const [typed, setTyped] = useState<ReadonlySet<keyof Draft>>(new Set())
  const [isSubmitted, setSubmitted] = useState(false)
  const [values, setValues] = useState<Draft>({
    reference: query.get('reference') ?? '',
    appid: query.get('appid') ?? '',
    device: '',
    kind: '',
    sets: '',
    returnUrl: '',
    lifetime: DAY,
    tags: '',
  })
  const field = (name: keyof Draft) => ({
    value: values[name],
    onChange(value: string) {
      setValues({ ...values, [name]: name === 'tags' ? value : value.trimStart() })
      setTyped(new Set([...typed, name]))
    },
  })
  return {
    values,
    field,
    isTouched: (name: keyof Draft) => isSubmitted || typed.has(name),
    touchAll: () => setSubmitted(true),
  }
}

function useCreate() {
  const { platform } = useSession()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (link: NewLink) =>
      dataOf(api.POST('/apis/v1/wx/{platform}/authorization-sessions', { params: { path: { platform } }, body: link })),
    onSuccess: async (link) => {
      queries.setQueryData(linkKeys.url(platform, link.sessionId), link)
      await queries.invalidateQueries({ queryKey: [...linkKeys.all(platform), 'list'] })
      go(hrefOf([platform, 'links', link.sessionId]))
    },
  })
}

/** The names of the permission sets entered so far. */
function SetNames({ list, hint }: { list: string; hint: string }) {
  const nameOf = useSetName()
  const ids = list.split('|').filter((id) => /^[0-9]{1,6}$/.test(id))
  return <>{ids.length === 0 ? hint : ids.map((id) => nameOf(Number(id))).join(' · ')}</>
}
