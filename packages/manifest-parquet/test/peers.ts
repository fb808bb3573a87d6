import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

/** The part of `@duckdb/node-api` that tests use. */
interface DuckDB {
  readonly DuckDBInstance: { create(path: string): Promise<{ connect(): Promise<DuckDBConnection> }> }
}
interface DuckDBConnection {
  runAndReadAll(query: string): Promise<{ getRowObjects(): Record<string, unknown>[] }>
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

let connection: Promise<DuckDBConnection> | undefined

/** Rows of a query as objects, from a database in memory that the test file shares. */
export async function sql(query: string): Promise<Record<string, unknown>[]> {
  connection ??= connect()
  return (await (await connection).runAndReadAll(query)).getRowObjects()
}

async function connect(): Promise<DuckDBConnection> {
  if (!duckdb) throw new Error('DuckDB is not installed')
  const instance = await duckdb.DuckDBInstance.create(':memory:')
  return instance.connect()
}
