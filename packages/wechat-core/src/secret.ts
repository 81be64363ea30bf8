// Owns: the wrapper that keeps tickets, tokens, codes and keys out of logs, JSON and error texts.
import { inspect } from 'node:util'

const PRINTED = '[secret]'

/** A value that prints as `[secret]` everywhere; call `reveal()` only at the point of use. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  equals(other: Secret): boolean {
    return this.#value === other.#value
  }

  toString(): string {
    return PRINTED
  }

  toJSON(): string {
    return PRINTED
  }

  [inspect.custom](): string {
    return PRINTED
  }
}
