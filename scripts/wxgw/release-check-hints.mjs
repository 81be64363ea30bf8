// Owns: the hints for each failed step of the release check.

const BY_CODE = {
  SIGNATURE_MISMATCH: 'WX_TOKEN of the deployment is not the one that this command was given.',
  MALFORMED_PUSH: 'WX_ENCODING_AES_KEY of the deployment is not the one that this command was given.',
  APPID_MISMATCH: 'WX_COMPONENT_APPID of the deployment is not the one that this command was given.',
  TIMESTAMP_OUT_OF_RANGE: 'The clocks of the two machines differ by more than PUSH_MAX_SKEW_SECONDS.',
  NOT_ENCRYPTED: 'Something between here and the gateway changes the body.',
  UNSUPPORTED_MEDIA_TYPE: 'Something between here and the gateway changes content-type or content-encoding.',
  PLATFORM_NOT_FOUND: 'The deployment has no platform of this id: see --platform and WX_PLATFORM_ID.',
  ROUTE_NOT_FOUND:
    'The URL leads to a gateway, but not to its public listener: compare PUBLIC_PORT and the path in the proxy.',
  RATE_LIMITED: 'Pushes must not be limited; the gateway does not do it: look at the proxy.',
  STORE_UNAVAILABLE: 'Redis is out of reach or takes no writes: see GET /readyz.',
}

/** One sentence. `push`: the push of the step, if any. */
export function hintOf({ name, detail, push }) {
  const attempt = push?.attempts.at(-1)
  const code = codeIn(attempt?.body)
  if (code !== undefined && BY_CODE[code] !== undefined) return BY_CODE[code]
  if (attempt?.failure === 'unreachable')
    return 'Nobody answers there: DNS, firewall, TLS certificate, PUBLIC_HOST and PUBLIC_PORT.'
  if (attempt?.failure === 'timeout') return 'WeChat waits for 5 s: is the ingress overloaded, or Redis frozen?'
  if (attempt?.status === 502 || attempt?.status === 504) return 'The proxy answers, the ingress behind it does not.'
  if (attempt?.failure === 'reply-invalid') return 'Something between here and the gateway changes the answer.'
  if (/message\/custom\/send/.test(detail)) {
    return 'Does a worker run, and have ingress and worker WX_API_BASE_URL pointing to this command? Look for release-check in its log.'
  }
  if (/callback|reply/.test(name))
    return 'The message did not reach the answer to the check: is the URL the gateway, and is its version new enough?'
  return 'Look for this request in the log of the ingress.'
}

function codeIn(body) {
  try {
    return JSON.parse(body ?? '').code
  } catch {
    // Not JSON, so not the gateway's own error.
    return undefined
  }
}
