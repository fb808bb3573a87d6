import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '../../../../..')

/** Where the shared data and published results lie. */
export const sharedFolder = process.env.GATEHOUSE_SHARED ?? join(root, '../shared')

/** A path in the shared folder, or `undefined`, said aloud, when it is absent. */
export function sharedFile(path: string): string | undefined {
  const { GATEHOUSE_DATA: data } = process.env
  const file = data !== undefined && path.startsWith('data/') ? join(data, path.slice('data/'.length)) : join(sharedFolder, path)
  if (existsSync(file)) return file
  process.emitWarning(`skipped: ${path} is not at ${sharedFolder}; set GATEHOUSE_SHARED`)
  return undefined
}

/** Rows of a CSV file with a header, as records. */
export function readCsv(file: string): readonly Readonly<Record<string, string>>[] {
  const [header, ...lines] = readFileSync(file, 'utf8').trim().split(/\r?\n/)
  const names = header.split(',')
  return lines.map((line) => Object.fromEntries(line.split(',').map((value, i) => [names[i], value])))
}
