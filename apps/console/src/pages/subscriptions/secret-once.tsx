// Owns: a webhook's secret, shown the one time that the gateway answers it. It is kept nowhere.
import { useTexts } from '../../texts/language.ts'
import { CopyText } from '../../ui/copy.tsx'
import { subscriptionTexts } from './texts.ts'

export function SecretOnce({ secret }: { secret: string }) {
  const texts = useTexts(subscriptionTexts)
  return (
    <div className="notice notice-warn secret" role="status">
      <strong>{texts.secret}</strong>
      <p>{texts.secretOnce}</p>
      <CopyText label={texts.secret} text={secret} />
    </div>
  )
}
