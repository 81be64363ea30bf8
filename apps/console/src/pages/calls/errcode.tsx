// Owns: the meaning of an errcode, and what to do, in the reader's language.
import { useCatalogue } from '../../api/catalogue.ts'
import { useLanguage, useTexts } from '../../texts/language.ts'
import { callTexts } from './texts.ts'

export function ErrcodeMeaning({ code }: { code: number }) {
  const texts = useTexts(callTexts)
  const language = useLanguage()
  const { data } = useCatalogue()
  if (data === undefined) return null
  const known = data.errcodes.find((each) => each.code === code)
  if (known === undefined) return <span className="muted">{texts.unknownErrcode}</span>
  const { meaningZh, meaningEn, actionZh, actionEn } = known
  return (
    <>
      {language === 'zh' ? meaningZh : meaningEn}
      <br />
      <span className="muted">{language === 'zh' ? actionZh : actionEn}</span>
    </>
  )
}
