// Owns: badges, among them that of a status.
import type { ReactNode } from 'react'
import { consoleTexts } from '../texts/console.ts'
import { useTexts } from '../texts/language.ts'

export type Tone = 'good' | 'bad' | 'warn' | 'info' | 'idle'

const TONES: Record<string, Tone> = {
  active: 'good',
  delivered: 'good',
  completed: 'good',
  enabled: 'good',
  reauthorization_required: 'bad',
  dead: 'bad',
  failed: 'bad',
  refused: 'bad',
  retrying: 'warn',
  paused: 'warn',
  disabled: 'warn',
  pending: 'info',
  open: 'info',
  running: 'info',
  waiting: 'info',
}

export function Badge({ tone, children }: { tone: Tone; children: ReactNode }) {
  return <span className={`badge badge-${tone}`}>{children}</span>
}

/** An unknown status is shown untranslated. */
export function Status({ of }: { of: string }) {
  const { status } = useTexts(consoleTexts)
  const known: Record<string, string> = status
  return <Badge tone={TONES[of] ?? 'idle'}>{known[of] ?? of}</Badge>
}
