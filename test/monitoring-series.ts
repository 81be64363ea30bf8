// Owns: the series of an hour of good traffic, and what each fault changes in them, for the unit tests of the alert rules. In promtool's
// notation: `1x80` stays, `0+5x80` grows by 5 a minute, the fault begins at minute 20.

type Values = Readonly<Record<string, string>>

const CRM = 'platform="open1",subscription="crm"'
const PUSHES = 'wxgw_http_answers_total{listener="public",method="POST"'

export const GOOD: Values = {
  'wxgw_workers{instance="w1"}': '2x80',
  'wxgw_queue_oldest_waiting_seconds{queue="wx-messages.0"}': '0x80',
  'wxgw_queue_in_flight{queue="wx-messages.0"}': '0x80',
  'wxgw_queue_failed{queue="wx-messages.0"}': '3x80',
  [`wxgw_consumer_oldest_waiting_seconds{${CRM}}`]: '1x80',
  [`wxgw_consumer_in_flight{${CRM}}`]: '0x80',
  'wxgw_ticket_age_seconds{platform="open1"}': '300x80',
  'wxgw_authorizers_due{platform="open1"}': '40x80',
  'wxgw_token_refresh_failing_total{platform="open1",streak="10"}': '1x80',
  'wxgw_subscriptions{platform="open1",state="failing"}': '0x80',
  'wxgw_subscriptions_announced_total{platform="open1",kind="disabled"}': '1x80',
  [`wxgw_deliveries_dead_total{${CRM}}`]: '7x80',
  [`wxgw_deliveries_waiting{${CRM}}`]: '12x80',
  [`wxgw_replies_awaited_total{${CRM},outcome="in_time"}`]: '0+100x80',
  [`wxgw_replies_awaited_total{${CRM},outcome="late"}`]: '0+1x80',
  'wxgw_events_without_subscription_total{platform="open1"}': '5x80',
  [`${PUSHES},code="OK"}`]: '0+3000x80',
  [`${PUSHES},code="SIGNATURE_MISMATCH"}`]: '0+1x80',
  [`${PUSHES},code="STORE_UNAVAILABLE"}`]: '2x80',
  wxgw_redis_memory_share: '0.4x80',
  'wxgw_spool_bytes{lane="messages"}': '0x80',
  'wxgw_event_log_full{platform="open1"}': '0x80',
  wxgw_inboxes_left_out: '0x80',
}

const from = (before: number, after: number) => `${before}x20 ${after}x60`

/** `brings`: other alerts that the same fault fires. */
export type Fault = { series: Values; atMinute: number; brings?: readonly string[] }

export const FAULTS: Readonly<Record<string, Fault>> = {
  WxgwNoWorker: { series: { 'wxgw_workers{instance="w1"}': from(2, 0) }, atMinute: 25 },
  WxgwQueueUnattended: {
    series: { 'wxgw_queue_oldest_waiting_seconds{queue="wx-messages.0"}': '0x20 60+60x60' },
    atMinute: 30,
    brings: ['WxgwMessagesLate'],
  },
  WxgwConsumerAbsent: { series: { [`wxgw_consumer_oldest_waiting_seconds{${CRM}}`]: '1x20 60+60x60' }, atMinute: 40 },
  WxgwTicketStale: { series: { 'wxgw_ticket_age_seconds{platform="open1"}': from(300, 1600) }, atMinute: 30 },
  WxgwSchedulePaused: {
    series: { 'wxgw_schedule_paused{platform="open1",reason="quota-day"}': '_x20 1x60' },
    atMinute: 30,
  },
  WxgwRefreshesLate: { series: { 'wxgw_authorizers_due{platform="open1"}': from(40, 5000) }, atMinute: 35 },
  WxgwRefreshFailing: {
    series: { 'wxgw_token_refresh_failing_total{platform="open1",streak="10"}': from(1, 2) },
    atMinute: 25,
  },
  WxgwSubscriptionFailing: {
    series: { 'wxgw_subscriptions{platform="open1",state="failing"}': from(0, 1) },
    atMinute: 35,
  },
  WxgwSubscriptionDisabled: {
    series: { 'wxgw_subscriptions_announced_total{platform="open1",kind="disabled"}': from(1, 2) },
    atMinute: 25,
  },
  WxgwDeadLetters: { series: { [`wxgw_deliveries_dead_total{${CRM}}`]: from(7, 8) }, atMinute: 25 },
  WxgwDeliveriesWaiting: { series: { [`wxgw_deliveries_waiting{${CRM}}`]: from(12, 2000) }, atMinute: 35 },
  WxgwMessagesLate: {
    series: {
      'wxgw_queue_oldest_waiting_seconds{queue="wx-messages.0"}': from(0, 45),
      'wxgw_queue_in_flight{queue="wx-messages.0"}': from(0, 100),
    },
    atMinute: 30,
  },
  WxgwJobsFailed: { series: { 'wxgw_queue_failed{queue="wx-messages.0"}': from(3, 4) }, atMinute: 25 },
  WxgwRepliesLate: { series: { [`wxgw_replies_awaited_total{${CRM},outcome="late"}`]: '0x20 0+100x60' }, atMinute: 40 },
  WxgwNobodySubscribed: {
    series: { 'wxgw_events_without_subscription_total{platform="open1"}': from(5, 9) },
    atMinute: 25,
  },
  WxgwPushesRefused: { series: { [`${PUSHES},code="SIGNATURE_MISMATCH"}`]: '0x20 0+10x60' }, atMinute: 40 },
  WxgwStoreUnavailable: { series: { [`${PUSHES},code="STORE_UNAVAILABLE"}`]: '2x20 2+1x60' }, atMinute: 25 },
  WxgwRedisFull: { series: { wxgw_redis_memory_share: from(0.4, 0.8) }, atMinute: 25 },
  WxgwSpoolHolding: { series: { 'wxgw_spool_bytes{lane="messages"}': from(0, 4096) }, atMinute: 30 },
  WxgwEventLogFull: { series: { 'wxgw_event_log_full{platform="open1"}': from(0, 1) }, atMinute: 40 },
  WxgwInboxLeftOut: { series: { wxgw_inboxes_left_out: from(0, 1) }, atMinute: 25 },
}
