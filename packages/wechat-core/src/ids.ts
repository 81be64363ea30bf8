// Owns: the branded ids of WeChat, and the functions that make them.

export type ComponentAppId = string & { readonly __brand: 'ComponentAppId' }
export type AuthorizerAppId = string & { readonly __brand: 'AuthorizerAppId' }

// `wx` and 16 characters. Lower-case hex in all appids seen, but WeChat documents no alphabet, so letters of either
// case pass. No character with a meaning in paths or Redis keys passes.
const APP_ID = /^wx[0-9A-Za-z]{16}$/

export function parseAuthorizerAppId(value: unknown): AuthorizerAppId | undefined {
  return typeof value === 'string' && APP_ID.test(value) ? (value as AuthorizerAppId) : undefined
}

export function parseComponentAppId(value: unknown): ComponentAppId | undefined {
  return typeof value === 'string' && APP_ID.test(value) ? (value as ComponentAppId) : undefined
}
