import { readdirSync, readFileSync } from 'node:fs'
import { defineConfig } from 'tsup'

/** One process builds the JavaScript of every package; declarations come from `tsc -b`. */
const packages = ['packages', 'packages/models'].flatMap((parent) =>
  readdirSync(parent, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'models')
    .map((entry) => `${parent}/${entry.name}`),
)

/** Published entries are what `exports` and `bin` name, and worker files beside them. */
function entries(directory: string): Record<string, string> {
  const manifest = JSON.parse(readFileSync(`${directory}/package.json`, 'utf8')) as {
    exports: Record<string, string | { default: string }>
    bin?: Record<string, string>
    gatehouse?: { workers?: string[] }
  }
  const outputs = Object.values(manifest.exports)
    .filter((target): target is { default: string } => typeof target !== 'string')
    .map((target) => target.default)
    .concat(Object.values(manifest.bin ?? {}), manifest.gatehouse?.workers ?? [])
  return Object.fromEntries(
    outputs.map((output) => {
      const name = output.replace('./dist/', '').replace(/\.js$/, '')
      return [name, `${directory}/src/${name}.ts`]
    }),
  )
}

export default defineConfig(
  packages.map((directory) => ({
    name: directory,
    entry: entries(directory),
    outDir: `${directory}/dist`,
    format: 'esm' as const,
    target: 'node20.19',
    splitting: true,
    sourcemap: true,
    clean: true,
    external: [/^[^./]/],
  })),
)
