// Owns: the replays of one subscription, with the progress of the one that runs, and what can be done to it.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { answered, api } from '../../api/client.ts'
import type { operations } from '../../api/schema.ts'
import { type Subscription, useReadAgain } from '../../api/subscription-queries.ts'
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

const EVERY_MS = 3000
const PATH = '/apis/v1/wx/{platform}/subscriptions/{name}/replays'

export function ReplaysCard({ subscription: { name } }: { subscription: Subscription }) {
  const { platform } = useSession()
  const texts = useTexts(replayTexts)
  const pages = usePages([platform, 'subscriptions', 'replays', name], (cursor) => {
    const query = { limit: '10', ...(cursor === undefined ? {} : { cursor }) }
    return answered(api.GET(PATH, { params: { path: { platform, name }, query } }))
  })
  const columns: Array<Column<Replay>> = [
    { key: 'when', head: texts.when, cell: ({ at }) => <When at={at} /> },
    { key: 'range', head: texts.range, cell: (replay) => <Asked of={replay} /> },
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

function Asked({ of: { from, to, onlyUndelivered, ratePerSecond } }: { of: Replay }) {
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

/** One that has ended is not read again. */
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
      {isOver(replay) ? null : <Changes name={name} of={replay} />}
    </div>
  )
}

function Changes({ name, of: { replayId, status } }: { name: string; of: Replay }) {
  const { platform } = useSession()
  const texts = useTexts(replayTexts)
  const readAgain = useReadAgain()
  const params = { path: { platform, name, id: replayId } }
  return (
    <p className="line">
      {status === 'running' ? (
        <Action run={() => answered(api.POST(`${PATH}/{id}/pause`, { params })).then(readAgain)}>{texts.pause}</Action>
      ) : (
        <Action run={() => answered(api.POST(`${PATH}/{id}/resume`, { params })).then(readAgain)}>
          {texts.resume}
        </Action>
      )}
      <Action
        theme="danger"
        confirm={texts.cancelAsk}
        run={() => answered(api.POST(`${PATH}/{id}/cancel`, { params })).then(readAgain)}
      >
        {texts.cancel}
      </Action>
    </p>
  )
}

/** Every few seconds while it runs; at its end the subscription's figures are read again, too. */
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
      const replay = await answered(api.GET(`${PATH}/{id}`, { params: { path: { platform, name, id } } }))
      if (isOver(replay)) {
        void queries.invalidateQueries({ queryKey: list, exact: true })
        void queries.invalidateQueries({ queryKey: [platform, 'subscriptions', 'stats', name] })
      }
      return replay
    },
    refetchInterval: ({ state: { data } }) => (data?.status === 'running' ? EVERY_MS : false),
  })
}

function isOver({ status }: Replay): boolean {
  return status === 'completed' || status === 'cancelled'
}
