// Owns: programs that a test, a benchmark or the demo starts: their output is kept, and none of them outlives this process.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export type RunningProcess = {
  child: ChildProcess
  /** Everything it has written to stdout and stderr. */
  output(): string
  /** The JSON lines of its log. */
  logLines(): Array<Record<string, unknown>>
  /** Sends a signal and waits for the end. Answers the exit code, null when the signal ended it. */
  end(signal?: NodeJS.Signals): Promise<number | null>
}

const PROJECT_ROOT = fileURLToPath(new URL('../../../', import.meta.url))

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Kills it when this process ends before it, but for a kill of this process. */
export function endWithThisProcess(child: ChildProcess): void {
  running.add(child)
  child.once('exit', () => running.delete(child))
}

/** A process of the product, started as in production; `main` is relative to the project's root. */
export function startProcess(
  main: string,
  env: Record<string, string>,
  nodeArgs: readonly string[] = [],
): RunningProcess {
  return startProgram(process.execPath, [...nodeArgs, main], env)
}

/** In the project's root. Nothing of this process's environment but PATH leaks in. */
export function startProgram(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): RunningProcess {
  const child = spawn(command, args, {
    cwd: PROJECT_ROOT,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  endWithThisProcess(child)
  const chunks: string[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk.toString()))
  const output = () => chunks.join('')
  return {
    child,
    output,
    logLines: () =>
      output()
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line)),
    async end(signal = 'SIGTERM') {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
      child.kill(signal)
      const [code] = await once(child, 'exit')
      return code
    },
  }
}
