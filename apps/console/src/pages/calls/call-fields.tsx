// Owns: the fields of a call. The path is chosen from the catalogue or typed.
import type { KnownApi } from '../../api/catalogue.ts'
import { useLanguage, useTexts } from '../../texts/language.ts'
import { Select, Field, SuggestedInput, TextArea, TextInput } from '../../ui/form.tsx'
import { type CallDraft, type Kind, METHODS, type FieldErrors } from './call-draft.ts'
import { callTexts } from './texts.ts'

type Props = {
  kinds: readonly Kind[]
  draft: CallDraft
  onDraft(draft: CallDraft): void
  apis: readonly KnownApi[]
  errors: FieldErrors
  /** Before, empty fields show no error. */
  isSubmitted: boolean
}

export function CallFields({ kinds, draft, onDraft, apis, errors, isSubmitted }: Props) {
  const texts = useTexts(callTexts)
  const language = useLanguage()
  const { kind, appid, method, path, query, body } = draft
  const change = (changes: Partial<CallDraft>) => onDraft({ ...draft, ...changes })
  const shown = (name: keyof CallDraft) => (draft[name] === '' && !isSubmitted ? undefined : errors[name])
  function choose(chosen: string): void {
    const known = apis.filter((each) => each.path === chosen)
    change({
      path: chosen,
      ...(known[0] && known.every((each) => each.method === known[0]?.method) ? { method: known[0].method } : {}),
    })
  }
  return (
    <>
      <div className="filters">
        <Field label={texts.as}>
          <Select
            value={kind}
            onChange={(chosen) => change({ kind: chosen })}
            options={kinds.map((each) => [each, texts.kinds[each]] as const)}
          />
        </Field>
        {kind === 'account' ? (
          <Field label={texts.appid} error={shown('appid')}>
            <TextInput value={appid} onChange={(value) => change({ appid: value.trim() })} placeholder="wx…" />
          </Field>
        ) : null}
      </div>
      <Field label={texts.path} hint={texts.pathHint} error={shown('path')}>
        <SuggestedInput
          value={path}
          onChange={(value) => choose(value.trim())}
          placeholder="/cgi-bin/…"
          options={apis.map(
            (each) => [each.path, `${each.method} ${language === 'zh' ? each.titleZh : each.titleEn}`] as const,
          )}
        />
      </Field>
      <div className="filters">
        <Field label={texts.method}>
          <Select
            value={method}
            onChange={(chosen) => change({ method: chosen })}
            options={METHODS.map((each) => [each, each] as const)}
          />
        </Field>
        <Field label={texts.query} hint={texts.queryHint} error={shown('query')}>
          <TextInput value={query} onChange={(value) => change({ query: value.trim() })} />
        </Field>
      </div>
      {method === 'POST' ? (
        <Field label={texts.body} hint={texts.bodyHint} error={shown('body')}>
          <TextArea value={body} onChange={(value) => change({ body: value })} rows={8} />
        </Field>
      ) : null}
    </>
  )
}
