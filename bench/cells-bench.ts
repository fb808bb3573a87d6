import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** A bench whose cells run in processes of their own, bundled, so that neither the heap nor the compiled code of another is in their way. */
export class CellsBench implements Disposable {
  /** For what cells leave behind; removed at the end. */
  readonly folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  readonly #program = join(this.folder, 'cells.mjs')
  readonly #lines: string[] = []

  /** Bundles the program of the cells, `bench/<cells>`. */
  async bundle(cells: string): Promise<void> {
    await build({
      entryPoints: [fileURLToPath(new URL(cells, import.meta.url))],
      outfile: this.#program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      conditions: ['@gatehouse/source'],
      banner: { js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);" },
      logLevel: 'error',
    })
  }

  /** Runs one cell. @returns what it printed last, which is JSON */
  perform<Found>(...args: readonly string[]): Found {
    const output = execFileSync(process.execPath, ['--expose-gc', this.#program, ...args], { encoding: 'utf8', maxBuffer: 1 << 26 })
    return JSON.parse(output.trim().split('\n').at(-1) ?? '') as Found
  }

  /** A line of the page. */
  say(line: string): void {
    console.log(line)
    this.#lines.push(line)
  }

  /** A line that is so or is not; the bench fails when one is not. */
  check(what: string, holds: boolean): void {
    this.say(`- ${holds ? 'ok' : 'FAIL'}: ${what}`)
    if (!holds) process.exitCode = 1
  }

  /** Writes `proof/<file>`. @param method how the figures came about */
  write(file: string, { title, command, method }: { readonly title: string; readonly command: string; readonly method: string }): void {
    const measured = `Node ${process.version}, ${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}. Command: \`npm run bench -- ${command}\`.`
    writeFileSync(new URL(`../proof/${file}`, import.meta.url), `# ${title}\n\n${measured}\n${method}\n${this.#lines.join('\n')}\n`)
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
