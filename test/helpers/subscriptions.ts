// Owns: the calls by which tests manage the subscriptions of a gateway's first platform.
import type { Answer, Gateway } from './gateway.ts'

export type Subscriptions = {
  /** Creates or changes it. Rejects unless the gateway takes it. */
  put(name: string, body: object): Promise<Answer>
  remove(...names: string[]): Promise<unknown>
  /** Rejects unless it is there. */
  stats(name: string): Promise<Record<string, unknown>>
  deadLetters(name: string, query?: string): Promise<Answer>
}

export function subscriptionsOf({ call }: Pick<Gateway, 'call'>): Subscriptions {
  return {
    async put(name, body) {
      const { status, body: answer } = await call('PUT', `/subscriptions/${name}`, body)
      if (status > 201) throw new Error(`PUT ${name}: ${status} ${JSON.stringify(answer)}`)
      return answer
    },
    remove: (...names) => Promise.all(names.map((name) => call('DELETE', `/subscriptions/${name}`))),
    async stats(name) {
      const { status, body } = await call('GET', `/subscriptions/${name}/stats`)
      if (status !== 200) throw new Error(`stats of ${name}: ${status}`)
      return body
    },
    deadLetters: async (name, query = '') => (await call('GET', `/subscriptions/${name}/dead-letters${query}`)).body,
  }
}
