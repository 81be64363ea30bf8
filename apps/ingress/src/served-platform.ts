// Owns: the part of a platform that the routes of both listeners use. Each route module declares its own share.
import type { CallPlatform } from './api-calls/admit-call.ts'
import type { QuotaPlatform } from './api-calls/quota-clearing-route.ts'
import type { StandInPlatform } from './api-calls/stand-in-route.ts'
import type { ComponentPlatform } from './push/component-event-route.ts'
import type { MessagePlatform } from './push/passive-answers.ts'
import type { CountingPlatform } from './push/push-counts.ts'
import type { InfoPlatform } from './routes/authorization-info.ts'
import type { UrlPlatform } from './routes/authorization-url.ts'
import type { AuthorizerPlatform } from './routes/authorizers.ts'
import type { DeadLetterPlatform } from './routes/dead-letters.ts'
import type { AttemptPlatform } from './routes/event-attempts.ts'
import type { StreamPlatform } from './routes/event-stream.ts'
import type { EventPlatform } from './routes/events.ts'
import type { PagePlatform } from './routes/pages.ts'
import type { ReplayPlatform } from './routes/replays.ts'
import type { ReplyPlatform } from './routes/replies.ts'
import type { SessionPlatform } from './routes/sessions.ts'
import type { StatisticsPlatform } from './routes/statistics.ts'
import type { MatchPlatform } from './routes/subscription-match.ts'
import type { StatsPlatform } from './routes/subscription-stats.ts'
import type { SubscriptionPlatform } from './routes/subscriptions.ts'
import type { TokenPlatform } from './routes/tokens.ts'

type PublicPlatform = ComponentPlatform & MessagePlatform & CountingPlatform & InfoPlatform & UrlPlatform & PagePlatform

type InternalPlatform = AuthorizerPlatform &
  TokenPlatform &
  SessionPlatform &
  InfoPlatform &
  UrlPlatform &
  SubscriptionPlatform &
  StatsPlatform &
  MatchPlatform &
  DeadLetterPlatform &
  EventPlatform &
  AttemptPlatform &
  StreamPlatform &
  ReplayPlatform &
  ReplyPlatform &
  StatisticsPlatform &
  CallPlatform &
  QuotaPlatform &
  StandInPlatform

export type ServedPlatform = PublicPlatform & InternalPlatform
