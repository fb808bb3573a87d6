import { spawn, type ChildProcess } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { WriterTask } from './writer-child.js'

/** Bundles the child into one file, once: starting it then takes 50 ms of plain node instead of 500 ms of tsx, which is what makes 1,000 kills affordable. */
export async function bundleWriter(outputDirectory: string): Promise<string> {
  const viaTsx = createRequire(createRequire(import.meta.url).resolve('tsx'))
  const esbuild = (await import(pathToFileURL(viaTsx.resolve('esbuild')).href)) as { build(options: object): Promise<unknown> }
  const outfile = join(outputDirectory, 'writer-child.mjs')
  await esbuild.build({
    entryPoints: [join(import.meta.dirname, 'writer-child.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@gatehouse/source'],
    logLevel: 'error',
  })
  return outfile
}

/** A writer process and what it has said. */
export class Writer {
  readonly lines: string[] = []
  /** Resolves when the process is gone and its pipe is empty. */
  readonly ended: Promise<void>
  readonly #process: ChildProcess

  constructor(bundle: string, task: WriterTask) {
    const child = spawn(process.execPath, [bundle, JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#process = child
    let rest = ''
    child.stdout.setEncoding('latin1').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      this.lines.push(...lines)
    })
    this.ended = new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('close', () => resolve())
    })
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }

  /** After {@link ended}: why this was no kill. A writer that never ran, or ended by itself, proves nothing. */
  get trouble(): string | undefined {
    const { signalCode, exitCode } = this.#process
    return signalCode === 'SIGKILL' ? undefined : `the writer ended by itself, with code ${exitCode} and signal ${signalCode}`
  }

  /** Resolves once the writer said at least `count` lines, or is gone. */
  async said(count: number): Promise<void> {
    while (this.lines.length < count && this.#process.exitCode === null && this.#process.signalCode === null) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer)
          this.#process.stdout?.off('data', done)
          this.#process.off('close', done)
          resolve()
        }
        const timer = setTimeout(done, 5_000)
        this.#process.stdout?.on('data', done)
        this.#process.on('close', done)
      })
    }
  }
}
