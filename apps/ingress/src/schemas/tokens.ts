// Owns: the schemas of access tokens, tickets and the signatures made from them.
import { Type } from 'typebox'
import { errors } from './errors.ts'
import { AuthorizerParams, PlatformParams } from './paths.ts'

const closed = { additionalProperties: false }
const tags = ['Tokens']

const expiry = {
  expires_in: Type.Integer({ minimum: 1, description: 'remaining seconds' }),
  expiresAt: Type.String(),
}
const Token = Type.Object({ token: Type.String(), ...expiry })
const Ticket = Type.Object({ ticket: Type.String(), ...expiry })
const JsSdkConfig = Type.Object({
  appId: Type.String(),
  timestamp: Type.Integer(),
  nonceStr: Type.String(),
  signature: Type.String(),
})

export const tokenSchemas = {
  accessToken: {
    tags,
    operationId: 'getAccessToken',
    summary: "An authorizer's access token",
    description:
      'Refreshes when needed, one call at WeChat at a time however many ask. `force=true` also needs the right tokens:force.',
    params: AuthorizerParams,
    querystring: Type.Object(
      { force: Type.Optional(Type.Union([Type.Literal('true'), Type.Literal('false')])) },
      closed,
    ),
    response: { 200: Token, ...errors(400, 401, 403, 404, 409, 410, 502, 503, 504) },
  },
  invalid: {
    tags,
    operationId: 'reportRefusedAccessToken',
    summary: 'This token was refused by WeChat: refreshes only if it is still the current one',
    params: AuthorizerParams,
    querystring: Type.Object({}, closed),
    body: Type.Object({ token: Type.String({ minLength: 1, maxLength: 1024 }) }, closed),
    response: { 200: Token, ...errors(400, 401, 403, 404, 409, 410, 413, 415, 502, 503, 504) },
  },
  componentAccessToken: {
    tags,
    operationId: 'getComponentAccessToken',
    summary: "The component's access token; the right must not be narrowed to authorizers",
    params: PlatformParams,
    querystring: Type.Object({}, closed),
    response: { 200: Token, ...errors(400, 401, 403, 404, 502, 503, 504) },
  },
  ticket: {
    tags,
    operationId: 'getTicket',
    summary: 'A ticket that pages of an authorizer sign with',
    params: AuthorizerParams,
    querystring: Type.Object({ type: Type.Union([Type.Literal('jsapi'), Type.Literal('wx_card')]) }, closed),
    response: { 200: Ticket, ...errors(400, 401, 403, 404, 409, 410, 502, 503, 504) },
  },
  jsSdkConfig: {
    tags,
    operationId: 'getJsSdkConfig',
    summary: 'What `wx.config` of the JS-SDK wants for a page',
    params: AuthorizerParams,
    querystring: Type.Object(
      { url: Type.String({ pattern: '^https?://', maxLength: 4096, description: 'address of the page' }) },
      closed,
    ),
    response: { 200: JsSdkConfig, ...errors(400, 401, 403, 404, 409, 410, 502, 503, 504) },
  },
}
