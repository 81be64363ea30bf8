// Owns: the card of a subscription's replays: the form, the list, the progress and actions of each.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { api, dataOf } from '../../api/client.ts'
import type { operations } from '../../api/schema.ts'
import { type Subscription, useInvalidateSubscriptions } from '../../api/subscription-queries.ts'
import { useSession } from '../../session/session.ts'
import { useTexts } from '../../texts/language.ts'
import { Action } from '../../ui/actions.tsx'
import { Status } from '../../ui/badge.tsx'
import { Card } from '../../ui/page.tsx'
import { type Column, PagedRows, usePages } from '../../ui/rows.tsx'
import { When } from '../../ui/when.tsx'
import { ReplayForm } from './replay-form.tsx'
import { replayTexts } from './replay-texts.ts'

type Replay = operations['getReplay']['responses'][200]['content']['application/json']

const POLL_MS = 3000
const PATH = '/apis/v1/wx/{platform}/subscriptions/{name}/replays'

export function ReplaysCard({ subscription: { name } }: { subscription: Subscription }) {
  const { platform } = useSession()
  const texts = useTexts(replayTexts)
  const pages = usePages([platform, 'subscriptions', 'replays', name], (page) =>
    dataOf(api.GET(PATH, { params: { path: { platform, name }, query: { limit: '10', ...page } } })),
  )
  const columns: Array<Column<Replay>> = [
    { key: 'when', head: texts.when, cell: ({ at }) => <When at={at} /> },
    { key: 'range', head: texts.range, cell: (replay) => <ReplayRange of={replay} /> },
    { key: 'progress', head: texts.progress, cell: (replay) => <Progress name={name} of={replay} /> },
  ]
  return (
    <Card title={texts.title}>
      <div className="stack">
        <p className="muted">{texts.lead}</p>
        <ReplayForm name={name} />
        <p className="muted">{texts.live}</p>
        <PagedRows
          label={texts.title}
          pages={pages}
          columns={columns}
          keyOf={({ replayId }) => replayId}
          empty={texts.none}
        />
      </div>
    </Card>
  )
}

function ReplayRange({ of: { from, to, onlyUndelivered, ratePerSecond } }: { of: Replay }) {
  const texts = useTexts(replayTexts)
  return (
    <>
      <When at={from} absolute /> – <When at={to} absolute />
      <p className="muted">
        {onlyUndelivered ? texts.only : texts.all} · {texts.perSecond(ratePerSecond.toLocaleString())}
      </p>
    </>
  )
}

/** Polls unless the replay has ended. */
function Progress({ name, of: listed }: { name: string; of: Replay }) {
  const texts = useTexts(replayTexts)
  const { data } = useReplay(name, listed)
  const replay = isOver(listed) ? listed : data
  const { status, matched, delivered, failed } = replay
  const done = texts.of((delivered + failed).toLocaleString(), matched.toLocaleString())
  return (
    <div className="stack">
      <p className="line">
        <Status of={status} /> {done}
      </p>
      <progress
        className="progress"
        max={Math.max(matched, 1)}
        value={matched === 0 ? 1 : delivered + failed}
        aria-label={done}
      />
      <p className="muted">
        {texts.delivered(delivered.toLocaleString())} · {texts.failed(failed.toLocaleString())}
      </p>
      {isOver(replay) ? null : <ReplayActions name={name} of={replay} />}
    </div>
  )
}

function ReplayActions({ name, of: { replayId, status } }: { name: string; of: Replay }) {
  const { platform } = useSession()
  const texts = useTexts(replayTexts)
  const invalidate = useInvalidateSubscriptions()
  const params = { path: { platform, name, id: replayId } }
  return (
    <p className="line">
      {status === 'running' ? (
        <Action run={() => dataOf(api.POST(`${PATH}/{id}/pause`, { params })).then(invalidate)}>{texts.pause}</Action>
      ) : (
        <Action run={() => dataOf(api.POST(`${PATH}/{id}/resume`, { params })).then(invalidate)}>{texts.resume}</Action>
      )}
      <Action
        theme="danger"
        confirm={texts.cancelAsk}
        run={() => dataOf(api.POST(`${PATH}/{id}/cancel`, { params })).then(invalidate)}
      >
        {texts.cancel}
      </Action>
    </p>
  )
}

/** Polls while the replay runs. When it has ended, fetches the list and the subscription's stats again. */
function useReplay(name: string, listed: Replay) {
  const { platform } = useSession()
  const queries = useQueryClient()
  const id = listed.replayId
  const list = [platform, 'subscriptions', 'replays', name]
  return useQuery({
    queryKey: [...list, id],
    enabled: !isOver(listed),
    initialData: listed,
    queryFn: async () => {
      const replay = await dataOf(api.GET(`${PATH}/{id}`, { params: { path: { platform, name, id } } }))
      if (isOver(replay)) {
        void queries.invalidateQueries({ queryKey: list, exact: true })
        void queries.invalidateQueries({ queryKey: [platform, 'subscriptions', 'stats', name] })
      }
      return replay
    },
    refetchInterval: ({ state: { data } }) => (data?.status === 'running' ? POLL_MS : false),
  })
}

function isOver({ status }: Replay): boolean {
  return status === 'completed' || status === 'cancelled'
}
