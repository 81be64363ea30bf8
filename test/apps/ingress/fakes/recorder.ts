// Owns: recording what a route calls, and letting a call fail.
export type Call = { name: string; args: unknown[] }

export type Recorder = {
  calls: Call[]
  /** Arguments of the calls of this name. */
  callsOf(name: string): unknown[][]
  /** The next and all further calls of this name reject. */
  fail(name: string, error: Error): void
  /** A function that is recorded and may be told to fail. */
  method<Args extends unknown[], Result>(
    name: string,
    answer: (...args: Args) => Result,
  ): (...args: Args) => Promise<Result>
}

export function createRecorder(): Recorder {
  const calls: Call[] = []
  const failures = new Map<string, Error>()
  return {
    calls,
    callsOf: (name) => calls.filter((call) => call.name === name).map(({ args }) => args),
    fail: (name, error) => void failures.set(name, error),
    method(name, answer) {
      return async (...args) => {
        calls.push({ name, args })
        const failure = failures.get(name)
        if (failure) throw failure
        return answer(...args)
      }
    },
  }
}
