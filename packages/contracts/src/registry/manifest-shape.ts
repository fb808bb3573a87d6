import type { DataSource, ManifestPin, ManifestShape } from '../schema/manifest.js'

/** What keeps a pin from being what a model needs: columns that are missing or of another type, sources that are not there. Empty when it fits. */
export function manifestShapeProblems(needs: ManifestShape, pins: readonly ManifestPin[]): readonly string[] {
  const problems: string[] = []
  for (const { name, type, unit } of needs.columns) {
    const found = pins.flatMap(({ holds }) => holds.columns).filter((column) => column.name === name)
    if (found.length === 0) problems.push(`no pin has the column "${name}"`)
    else if (found.some((column) => column.type !== type))
      problems.push(`column "${name}" is ${found.map((column) => column.type).join(', ')}, not ${type}`)
    else if (unit !== undefined && found.some((column) => column.unit !== undefined && column.unit !== unit))
      problems.push(`column "${name}" is not in ${unit}`)
  }
  for (const source of needs.sources) {
    if (!pins.some(({ holds }) => holds.sources.some((held) => isSameSource(held, source))))
      problems.push(`no pin holds ${sourceName(source)}`)
  }
  return problems
}

/** Sources are the same when dataset, venue and schema are. */
export function isSameSource(a: DataSource, b: DataSource): boolean {
  return a.dataset === b.dataset && a.venue === b.venue && a.schema === b.schema
}

/** `XNAS.ITCH/mbp-10`. */
export function sourceName({ dataset, venue, schema }: DataSource): string {
  return [dataset, venue, schema].filter((part) => part !== undefined).join('/')
}
