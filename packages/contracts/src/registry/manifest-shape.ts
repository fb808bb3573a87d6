import type { DataSource, ManifestPin, ManifestShape } from '../schema/manifest.js'

/**
 * What keeps pins from being what a model needs: columns that are missing or of another type, sources that are not there, or that are there although the model was
 * trained without them. Empty when they fit.
 */
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
    const isHeld = holdsSource(pins, source)
    if (source.optional === undefined && !isHeld) problems.push(`no pin holds ${sourceName(source)}`)
    if (source.optional === 'absent' && isHeld)
      problems.push(`the model was trained without ${sourceName(source)}, which a pin holds: leave it out, or train with it`)
  }
  return problems
}

/** True when one of the pins has rows of a source. */
export function holdsSource(pins: readonly ManifestPin[], source: DataSource): boolean {
  return pins.some(({ holds }) => holds.sources.some((held) => isSameSource(held, source)))
}

/** Sources are the same when dataset, venue and schema are. */
export function isSameSource(a: DataSource, b: DataSource): boolean {
  return a.dataset === b.dataset && a.venue === b.venue && a.schema === b.schema
}

/** `XNAS.ITCH/mbp-10`. */
export function sourceName({ dataset, venue, schema }: DataSource): string {
  return [dataset, venue, schema].filter((part) => part !== undefined).join('/')
}
