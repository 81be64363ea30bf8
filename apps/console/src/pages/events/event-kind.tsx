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
    'gateway.token.refreshed': 'Token refreshed',
    'gateway.token.refresh_failing': 'Token refresh keeps failing',
    'gateway.authorizer.reauthorization_required': 'Account must authorize again',
    'gateway.authorization.completed': 'Authorization link completed',
    'gateway.authorization.refused': 'Authorization link used by another account',
    'gateway.authorization.incomplete': 'Account authorized, but its tokens are missing',
    'gateway.ticket.stale': 'No ticket for a long time',
    'gateway.schedule.paused': 'Scheduled refreshes paused',
    'gateway.schedule.resumed': 'Scheduled refreshes resumed',
    'gateway.store.emptied': 'Redis lost its data, recovery is running',
    'gateway.subscription.failing': 'Subscription keeps failing',
    'gateway.subscription.recovered': 'Subscription recovered',
    'gateway.subscription.disabled': 'Subscription disabled',
    'gateway.subscription.dead_letter': 'Delivery became a dead letter',
    'gateway.subscription.test': 'Test event',
    'wechat.unparsed': 'Push that could not be parsed',
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
