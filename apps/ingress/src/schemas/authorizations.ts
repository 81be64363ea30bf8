// Owns: the schemas of authurl, mpinfo and the two pages.
import { Type } from 'typebox'
import { content, errors } from './errors.ts'
import { PlatformParams } from './paths.ts'

const closed = { additionalProperties: false }
const tags = ['Authorization']

export const authorizationParameters = {
  type: Type.Optional(
    Type.Union([Type.Literal('mobile'), Type.Literal('scancode')], {
      description: '`mobile` (default): a link to open inside WeChat; `scancode`: a page for PCs',
    }),
  ),
  redirectUri: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 2048,
      description: 'where WeChat sends the browser with the code; default: the landing page',
    }),
  ),
  biz_appid: Type.Optional(
    Type.String({ pattern: '^wx[0-9A-Za-z]{16}$', description: 'only this account may authorize' }),
  ),
  category_id_list: Type.Optional(
    Type.String({ pattern: '^[0-9]{1,6}(\\|[0-9]{1,6}){0,99}$', description: 'permission sets, joined by |' }),
  ),
}
const AUTH_TYPES =
  'accounts to choose from: 1 official accounts, 2 mini programs, 3 both, 4 promoters, 5 channels, 6 all, 8 talent assistant'
const authTypeText = Type.String({ pattern: '^[1-68]$', description: AUTH_TYPES })

const queryParameters = { ...authorizationParameters, auth_type: Type.Optional(authTypeText) }
const AuthorizationUrlQuery = Type.Object(queryParameters, closed)
// Open: people share the start page, and WeChat's client adds `from` and `isappinstalled` to what is shared.
const StartPageQuery = Type.Object(queryParameters)
/** All that the start page and its click read. */
export const START_PARAMETERS: readonly string[] = Object.keys(queryParameters)

/** JSON may have a number. */
const AuthorizationUrlBody = Type.Object(
  {
    ...authorizationParameters,
    auth_type: Type.Optional(
      Type.Union([authTypeText, Type.Integer({ enum: [1, 2, 3, 4, 5, 6, 8], description: AUTH_TYPES })]),
    ),
  },
  closed,
)

const AuthorizationUrl = Type.Object({
  url: Type.String({
    description: "WeChat's authorization page; demands a click on a page of the platform's own domain",
  }),
  createdAt: Type.String(),
  expires_in: Type.Integer({ description: 'remaining seconds' }),
})

// What WeChat appends to the redirectUri. Its alphabet is not documented: letters, digits, @, - and _ in all codes
// seen.
const authCode = Type.String({ pattern: '^[0-9A-Za-z@._~+/=-]{1,512}$' })
/** What WeChat appends to the redirectUri. */
export const authCodeQuery = {
  auth_code: authCode,
  expires_in: Type.Optional(Type.String({ pattern: '^[0-9]{1,10}$' })),
}

const publicInfo = {
  authorizer_appid: Type.String(),
  expires_in: Type.Optional(Type.Integer({ description: 'remaining seconds of the access token, when there is one' })),
  func_info: Type.Array(Type.Record(Type.String(), Type.Unknown())),
  createdAt: Type.String(),
  updatedAt: Type.String(),
}
const FullInfo = Type.Object({
  ...publicInfo,
  authorizer_access_token: Type.Optional(Type.String({ description: 'internal listener only' })),
  authorizer_refresh_token: Type.Optional(
    Type.String({ description: 'internal listener only, with the right refresh_tokens:read' }),
  ),
})

const html = (description: string) => content('text/html', Type.String(), description)

const URL_RIGHTS =
  'The internal listener wants authorizations:write; where that is narrowed to authorizers, a `biz_appid` of them. ' +
  'The public one wants no key and is limited per address.'

export const authorizationSchemas = {
  urlByGet: {
    tags,
    operationId: 'getAuthorizationUrl',
    summary: 'A fresh link to the authorization page',
    description: URL_RIGHTS,
    params: PlatformParams,
    querystring: AuthorizationUrlQuery,
    response: { 200: AuthorizationUrl, ...errors(400, 401, 403, 404, 429, 502, 503, 504) },
  },
  urlByPost: {
    tags,
    operationId: 'createAuthorizationUrl',
    summary: 'A fresh link to the authorization page',
    description: `Parameters in the query, as JSON or as a form. ${URL_RIGHTS}`,
    params: PlatformParams,
    querystring: AuthorizationUrlQuery,
    body: AuthorizationUrlBody,
    response: { 200: AuthorizationUrl, ...errors(400, 401, 403, 404, 413, 415, 429, 502, 503, 504) },
  },
  publicInfo: {
    tags,
    operationId: 'getPublicAuthorizationInfo',
    summary: 'What an authorization code stands for, without tokens',
    params: PlatformParams,
    querystring: Type.Object(authCodeQuery, closed),
    response: { 200: Type.Object(publicInfo), ...errors(400, 404, 429, 502, 503, 504) },
  },
  fullInfo: {
    tags,
    operationId: 'getAuthorizationInfo',
    summary: 'What an authorization code stands for; with tokens on the internal listener, without on the public one',
    description:
      'The internal listener wants authorizations:write and tokens:read. Rights that are narrowed to authorizers get an answer only ' +
      'to a code that was exchanged before, of an account of theirs: whose another code is, only WeChat could say.',
    params: PlatformParams,
    querystring: Type.Object(authCodeQuery, closed),
    response: { 200: FullInfo, ...errors(400, 401, 403, 404, 429, 502, 503, 504) },
  },
  startPage: {
    tags,
    operationId: 'showStartPage',
    summary: 'Page with a button and a QR code that lead to the authorization page',
    description: 'Costs no pre_auth_code, however often it is seen.',
    params: PlatformParams,
    querystring: StartPageQuery,
    response: { 200: html('the page'), ...errors(400, 404, 429) },
  },
  startClick: {
    tags,
    operationId: 'startAuthorization',
    summary: "The page's button: leads to WeChat",
    description: 'Makes a pre_auth_code. The link of `type` is by the browser, when left out.',
    params: PlatformParams,
    querystring: StartPageQuery,
    response: {
      303: Type.Null({ description: "to WeChat's authorization page" }),
      ...errors(400, 404, 413, 429, 502, 503, 504),
    },
  },
  landingPage: {
    tags,
    operationId: 'showLandingPage',
    summary: 'Where WeChat sends the browser back: exchanges the code, shows the account',
    params: PlatformParams,
    // Open: a redirectUri may carry parameters of its own, and WeChat may append more.
    querystring: Type.Object(authCodeQuery),
    response: { 200: html('the page'), ...errors(400, 404, 429, 502, 503, 504) },
  },
}
