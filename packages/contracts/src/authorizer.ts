// Owns: an authorizer as callers and consumers see it, without secrets.
import { Type, type Static } from 'typebox'

const nullable = <T extends ReturnType<typeof Type.String> | ReturnType<typeof Type.Integer>>(schema: T) =>
  Type.Union([schema, Type.Null()])

export const AuthorizerSchema = Type.Object(
  {
    appid: Type.String(),
    status: Type.Union([Type.Literal('active'), Type.Literal('reauthorization_required'), Type.Literal('revoked')]),
    nick_name: nullable(Type.String({ description: 'null until the profile has been fetched from WeChat' })),
    user_name: nullable(Type.String({ description: 'original id, gh_…' })),
    principal_name: nullable(Type.String()),
    head_img: nullable(Type.String()),
    service_type: nullable(Type.Integer({ description: 'service_type_info.id' })),
    verify_type: nullable(Type.Integer({ description: 'verify_type_info.id' })),
    isMiniProgram: Type.Union([Type.Boolean(), Type.Null()]),
    func_info: Type.Array(Type.Record(Type.String(), Type.Unknown())),
    authorizedAt: Type.String(),
    updatedAt: Type.String(),
    token: Type.Object({ expiresAt: nullable(Type.String()) }),
  },
  { $id: 'Authorizer' },
)
export type AuthorizerView = Static<typeof AuthorizerSchema>

/** The input of the view; wechat-core's Authorizer fits. */
type AuthorizerFields = {
  appid: string
  status: AuthorizerView['status']
  profile:
    | {
        nick_name: string
        user_name: string
        principal_name: string
        head_img: string
        service_type: number | null
        verify_type: number | null
        isMiniProgram: boolean
      }
    | undefined
  funcInfo: Array<Record<string, unknown>>
  authorizedAtMs: number
  updatedAtMs: number
  tokenExpiresAtMs: number | undefined
}

export function authorizerView({ profile, ...authorizer }: AuthorizerFields): AuthorizerView {
  return {
    appid: authorizer.appid,
    status: authorizer.status,
    nick_name: profile?.nick_name ?? null,
    user_name: profile?.user_name ?? null,
    principal_name: profile?.principal_name ?? null,
    head_img: profile?.head_img ?? null,
    service_type: profile?.service_type ?? null,
    verify_type: profile?.verify_type ?? null,
    isMiniProgram: profile?.isMiniProgram ?? null,
    func_info: authorizer.funcInfo,
    authorizedAt: new Date(authorizer.authorizedAtMs).toISOString(),
    updatedAt: new Date(authorizer.updatedAtMs).toISOString(),
    token: {
      expiresAt: authorizer.tokenExpiresAtMs === undefined ? null : new Date(authorizer.tokenExpiresAtMs).toISOString(),
    },
  }
}
