import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

/** The part of `@duckdb/node-api` that tests use. */
interface DuckDB {
  readonly DuckDBInstance: { create(path: string): Promise<{ connect(): Promise<DuckDBConnection>; closeSync(): void }> }
}
interface DuckDBConnection {
  runAndReadAll(query: string): Promise<{ getRowObjects(): Record<string, unknown>[] }>
  closeSync(): void
}
/** The part of `nodejs-polars` that tests use. */
interface Polars {
  readParquet(path: string): DataFrame
  DataFrame(columns: Record<string, unknown>): DataFrame
}
interface DataFrame {
  readonly height: number
  getColumn(name: string): { toArray(): unknown[]; toTypedArray(): ArrayLike<unknown> }
  writeParquet(path: string, options?: Record<string, unknown>): void
}

const root = fileURLToPath(new URL('../../../', import.meta.url))
const load: (name: string) => unknown = createRequire(`${root}peers/package.json`)

function peer<T>(name: string): T | undefined {
  try {
    return load(name) as T
  } catch {
    process.stderr.write(`SKIPPED: ${name} is not installed under peers/ (npm run peers)\n`)
    return undefined
  }
}

/** DuckDB, when installed under `peers/`. */
export const duckdb = peer<DuckDB>('@duckdb/node-api')
/** polars, when installed under `peers/`. */
export const polars = peer<Polars>('nodejs-polars')

/** Rows of a query as objects, in a fresh database. */
export async function sql(query: string): Promise<Record<string, unknown>[]> {
  if (!duckdb) throw new Error('DuckDB is not installed')
  const instance = await duckdb.DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    return (await connection.runAndReadAll(query)).getRowObjects()
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}
