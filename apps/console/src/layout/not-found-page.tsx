// Owns: the page for an address that does not exist, or that the caller may not see.
import { hrefOf } from '../routing/route.ts'
import { useSession } from '../session/session.ts'
import { consoleTexts } from '../texts/console.ts'
import { useTexts } from '../texts/language.ts'
import { Card, Page } from '../ui/page.tsx'

export function NotFoundPage() {
  const texts = useTexts(consoleTexts)
  const { platform } = useSession()
  return (
    <Page title={texts.notFound} name={texts.notFound}>
      <Card>
        <a href={hrefOf([platform, 'overview'])}>{texts.backToOverview}</a>
      </Card>
    </Page>
  )
}
