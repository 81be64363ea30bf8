// Owns: an error of WeChat's API: errcode and errmsg in an HTTP 200 answer.

/** Typical texts; WeChat appends ` rid: …`. */
const ERRMSG: Readonly<Record<number, string>> = {
  [-1]: 'system error',
  40001: 'invalid credential, access_token is invalid or not latest',
  40003: 'invalid openid',
  40004: 'invalid media type',
  40007: 'invalid media_id',
  40008: 'invalid message type',
  40013: 'invalid appid',
  40016: 'invalid button size',
  40029: 'invalid code',
  40037: 'invalid template_id',
  40066: 'invalid url',
  40097: 'invalid args',
  40125: 'invalid appsecret',
  40169: 'invalid length for scene, or the data is not json string',
  40170: 'args count exceed count limit',
  41001: 'access_token missing',
  41004: 'appsecret missing',
  41005: 'media data missing',
  41018: 'missing component_appid',
  41030: 'invalid page',
  42001: 'access_token expired',
  43001: 'require GET method',
  43002: 'require POST method',
  44002: 'empty post data',
  44004: 'empty content',
  45009: 'reach max api daily quota limit',
  45015: 'response out of time limit or subscription is canceled',
  45047: 'out of response count limit',
  46003: 'menu no exist',
  47001: 'data format error',
  48006: 'forbid to clear quota because of reaching the limit',
  61003: 'component is not authorized by this account',
  61004: 'access clientip is not registered',
  61005: 'component ticket is expired',
  61006: 'component ticket is invalid',
  61009: 'code is invalid',
  61010: 'code is expired',
  61012: 'invalid option name',
  61013: 'invalid option value',
  61014: 'must use component token for component api',
  61015: 'must use business account token',
  61023: 'refresh_token is invalid',
  76021: 'cgi_path not found, please check',
}

/** Answered as `{errcode, errmsg}`. */
export class ApiError extends Error {
  readonly errcode: number

  constructor(errcode: number, errmsg: string = ERRMSG[errcode] ?? 'unknown error') {
    super(errmsg)
    this.name = 'ApiError'
    this.errcode = errcode
  }
}
