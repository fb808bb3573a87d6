import { readdirSync, readFileSync } from 'node:fs'

/** A publishable package of this repository. */
export interface Package {
  readonly name: string
  readonly directory: string
  /** Published entry points: `'.'`, `'./testing'`, …, with the declaration file each one has after a build. */
  readonly entries: readonly { readonly subpath: string; readonly types: string }[]
}

/** Every package in dependency-neutral, alphabetical order. */
export function packages(): readonly Package[] {
  return ['packages', 'packages/models']
    .flatMap((parent) =>
      readdirSync(parent, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [`${parent}/${entry.name}`] : [])),
    )
    .filter((directory) => directory !== 'packages/models')
    .map((directory) => {
      const manifest = JSON.parse(readFileSync(`${directory}/package.json`, 'utf8')) as {
        name: string
        exports: Record<string, string | { types: string }>
      }
      const entries = Object.entries(manifest.exports).flatMap(([subpath, target]) =>
        typeof target === 'string' ? [] : [{ subpath, types: `${directory}/${target.types.replace('./', '')}` }],
      )
      return { name: manifest.name, directory, entries }
    })
}
