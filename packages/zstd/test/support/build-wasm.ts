/**
 * Compiles `wasm/zstd.as.ts` with AssemblyScript (its version is pinned in the root package.json, and the bytes change with it) and writes
 * `src/zstd-wasm.ts`. A test fails when that file is not current.
 *
 * node --import tsx packages/zstd/test/support/build-wasm.ts --write
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { compileAssemblyScript } from '../../../../scripts/assemblyscript.js'

const sourceFile = new URL('../../wasm/zstd.as.ts', import.meta.url)
const targetFile = new URL('../../src/zstd-wasm.ts', import.meta.url)

/** The text of `zstd-wasm.ts`. Static data lies between the tables and the input area of the source. */
export async function buildWasm(): Promise<string> {
  const source = readFileSync(sourceFile, 'utf8')
  const bytes = await compileAssemblyScript(source, ['--memoryBase', '14000', '--initialMemory', '6'])
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,130}/g) ?? []
  return `/** \`wasm/zstd.as.ts\` compiled, ${bytes.length} bytes; made by test/support/build-wasm.ts, do not edit. */\nexport const zstdWasm = \`\n${lines.join('\n')}\n\`\n`
}

/** Whether the committed file is what the source gives. */
export async function isWasmCurrent(): Promise<boolean> {
  return readFileSync(targetFile, 'utf8') === (await buildWasm())
}

if (process.argv.includes('--write')) writeFileSync(targetFile, await buildWasm())
