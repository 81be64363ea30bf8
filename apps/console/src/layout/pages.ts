// Owns: the pages in menu order, each with the rights it needs. All but the first are loaded when opened.
import { type ComponentType, lazy, type LazyExoticComponent } from 'react'
import { OverviewPage } from '../pages/overview/overview-page.tsx'
import type { Need } from '../session/session.ts'
import type { consoleTexts } from '../texts/console.ts'

type PageTexts = (typeof consoleTexts)['zh']
type TextKey = { [Key in keyof PageTexts]: PageTexts[Key] extends string ? Key : never }[keyof PageTexts]

type ConsolePage = {
  path: string
  text: TextKey
  /** One of them must be granted; an empty list shows the page to every caller. */
  needs: readonly Need[]
  component: ComponentType | LazyExoticComponent<ComponentType>
}

export const OVERVIEW = 'overview'

export const PAGES: readonly ConsolePage[] = [
  { path: OVERVIEW, text: 'overview', needs: [], component: OverviewPage },
  {
    path: 'accounts',
    text: 'accounts',
    needs: [{ action: 'authorizers:read' }],
    component: lazy(() =>
      import('../pages/accounts/accounts-page.tsx').then((module) => ({ default: module.AccountsPage })),
    ),
  },
  {
    path: 'links',
    text: 'links',
    needs: [{ action: 'sessions:read' }],
    component: lazy(() => import('../pages/links/links-page.tsx').then((module) => ({ default: module.LinksPage }))),
  },
  {
    path: 'events',
    text: 'events',
    needs: [{ action: 'events:read' }],
    component: lazy(() => import('../pages/events/events-page.tsx').then((module) => ({ default: module.EventsPage }))),
  },
  {
    path: 'subscriptions',
    text: 'subscriptions',
    needs: [{ action: 'subscriptions:read' }],
    component: lazy(() =>
      import('../pages/subscriptions/subscriptions-page.tsx').then((module) => ({ default: module.SubscriptionsPage })),
    ),
  },
  {
    path: 'dead-letters',
    text: 'deadLetters',
    needs: [{ action: 'subscriptions:read' }],
    component: lazy(() =>
      import('../pages/dead-letters/dead-letters-page.tsx').then((module) => ({ default: module.DeadLettersPage })),
    ),
  },
  {
    path: 'calls',
    text: 'calls',
    needs: [{ action: 'api:call' }, { action: 'component_api:call' }, { action: 'console:use', whole: true }],
    component: lazy(() => import('../pages/calls/calls-page.tsx').then((module) => ({ default: module.CallsPage }))),
  },
  {
    path: 'diagnosis',
    text: 'diagnosis',
    needs: [{ action: 'console:use', whole: true }],
    component: lazy(() =>
      import('../pages/diagnosis/diagnosis-page.tsx').then((module) => ({ default: module.DiagnosisPage })),
    ),
  },
  {
    path: 'audit',
    text: 'audit',
    needs: [{ action: 'console:use', whole: true }],
    component: lazy(() => import('../pages/audit/audit-page.tsx').then((module) => ({ default: module.AuditPage }))),
  },
]
