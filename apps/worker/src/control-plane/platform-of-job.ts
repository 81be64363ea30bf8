// Owns: what a job comes to whose platform this worker does not know: another one may, so it is tried again.
import { GatewayError } from '@wxgw/wechat-core'

/** PLATFORM_NOT_FOUND, to be retried. */
export function platformNotConfigured(): GatewayError {
  return new GatewayError('PLATFORM_NOT_FOUND', 'the platform of this job is not configured here', { retry: true })
}
