// Owns: the name of an event type in the reader's language: from the catalogue for WeChat's types, from this file for
// the gateway's own.
import { useCatalogue } from '../../api/catalogue.ts'
import { dictionary, useLanguage, useTexts } from '../../texts/language.ts'

const OWN = dictionary<Record<string, string>>(
  {
    'gateway.token.refreshed': '令牌已刷新',
    'gateway.token.refresh_failing': '令牌刷新连续失败',
    'gateway.authorizer.reauthorization_required': '账号需要重新授权',
    'gateway.authorization.completed': '授权链接已完成',
    'gateway.authorization.refused': '授权链接被另一个账号使用',
    'gateway.authorization.incomplete': '账号已授权，但没有换到令牌',
    'gateway.ticket.stale': '很久没有收到票据',
    'gateway.schedule.paused': '定时刷新已暂停',
    'gateway.schedule.resumed': '定时刷新已恢复',
    'gateway.store.emptied': 'Redis 数据丢失，正在恢复',
    'gateway.subscription.failing': '订阅连续投递失败',
    'gateway.subscription.recovered': '订阅恢复投递',
    'gateway.subscription.disabled': '订阅被自动停用',
    'gateway.subscription.dead_letter': '有投递成为死信',
    'gateway.subscription.test': '测试事件',
    'wechat.unparsed': '无法解析的推送',
  },
  {
    'gateway.token.refreshed': 'A token was refreshed',
    'gateway.token.refresh_failing': 'Refreshes of a token fail',
    'gateway.authorizer.reauthorization_required': 'An account must authorize again',
    'gateway.authorization.completed': 'An authorization link is complete',
    'gateway.authorization.refused': 'Another account used an authorization link',
    'gateway.authorization.incomplete': 'An account authorized, and its tokens are missing',
    'gateway.ticket.stale': 'No ticket came for long',
    'gateway.schedule.paused': 'Scheduled refreshes are paused',
    'gateway.schedule.resumed': 'Scheduled refreshes go on',
    'gateway.store.emptied': 'Redis lost its data and is being filled again',
    'gateway.subscription.failing': 'Deliveries of a subscription fail',
    'gateway.subscription.recovered': 'A subscription is delivered to again',
    'gateway.subscription.disabled': 'A subscription was disabled',
    'gateway.subscription.dead_letter': 'A delivery became a dead letter',
    'gateway.subscription.test': 'A test event',
    'wechat.unparsed': 'A push that could not be read',
  },
)

/** undefined: the catalogue does not have the type, or is not loaded yet. */
export function useEventKind(): (type: string) => string | undefined {
  const own = useTexts(OWN)
  const language = useLanguage()
  const { data } = useCatalogue()
  return (type) => {
    const known = data?.events.find((each) => each.type === type)
    return own[type] ?? (language === 'zh' ? known?.whenZh : known?.whenEn)
  }
}

/** The name, and below it the type itself, for filters and subscriptions. */
export function EventName({ type, href }: { type: string; href?: string | undefined }) {
  const kind = useEventKind()(type)
  const name = kind ?? type
  return (
    <>
      {href === undefined ? name : <a href={href}>{name}</a>}
      {kind === undefined ? null : (
        <>
          <br />
          <code className="muted">{type}</code>
        </>
      )}
    </>
  )
}
