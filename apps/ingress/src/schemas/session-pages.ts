// Owns: the schemas of the public pages of an authorization session.
import { Type } from 'typebox'
import { authCodeQuery } from './authorizations.ts'
import { content, errors } from './errors.ts'
import { PlatformParams } from './paths.ts'

const tags = ['Authorization']
const page = (description: string) => content('text/html', Type.String(), description)

const params = Type.Object({ ...PlatformParams.properties, sessionId: Type.String() })

export const sessionPageSchemas = {
  page: {
    tags,
    operationId: 'showSessionPage',
    summary: 'The page of an authorization session, for the administrator of the account',
    description:
      'Costs no pre_auth_code, however often it is seen. `410`: the session has expired, was cancelled or refused.',
    params,
    response: { 200: page('the page'), 410: page('the session is over'), ...errors(400, 404, 503) },
  },
  click: {
    tags,
    operationId: 'startSessionAuthorization',
    summary: "The page's button: leads to WeChat",
    description: 'Makes a pre_auth_code. At most 5 in a minute and session.',
    params,
    response: {
      303: Type.Null({ description: "to WeChat's authorization page" }),
      410: page('the session is over'),
      ...errors(400, 404, 413, 429, 502, 503, 504),
    },
  },
  landing: {
    tags,
    operationId: 'showSessionLandingPage',
    summary: 'Where WeChat sends the browser back: exchanges the code and completes the session',
    params: Type.Object({ ...params.properties, mark: Type.String({ description: 'of the click' }) }),
    // Open: WeChat may append more.
    querystring: Type.Object(authCodeQuery),
    response: {
      200: page('the page'),
      303: Type.Null({ description: "to the session's returnUrl" }),
      410: page('the session is over'),
      ...errors(400, 404, 429, 502, 503, 504),
    },
  },
}
