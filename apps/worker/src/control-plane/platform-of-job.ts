// Owns: the error of a job whose platform this worker does not know. Another worker may know it, so the job is retried.
import { GatewayError } from '@wxgw/wechat-core'

/** PLATFORM_NOT_FOUND, to be retried. */
export function platformNotConfigured(): GatewayError {
  return new GatewayError('PLATFORM_NOT_FOUND', 'the platform of this job is not configured here', { retry: true })
}
