/** The parts of other engines that the bench drives, loaded from `peers/`. */
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

interface Vector {
  readonly items: { set(values: unknown, at?: number): void }
  flush(): void
}
interface Chunk {
  rowCount: number
  getColumnVector(index: number): Vector
}
export interface DuckDBConnection {
  run(sql: string): Promise<unknown>
  runAndReadAll(sql: string): Promise<{ getRowObjects(): Record<string, unknown>[] }>
  stream(sql: string): Promise<{ fetchChunk(): Promise<Chunk | null> }>
  registerTableFunction(definition: unknown): void
  closeSync(): void
}
export interface DuckDB {
  readonly DuckDBInstance: {
    create(path: string, options?: Record<string, string>): Promise<{ connect(): Promise<DuckDBConnection>; closeSync(): void }>
  }
  readonly DuckDBTableFunction: {
    create(definition: {
      name: string
      bindFunction(bind: { addResultColumn(name: string, type: unknown): void; setCardinality(rows: number, exact: boolean): void }): void
      initFunction(init: { setMaxThreads(threads: number): void }): void
      mainFunction(info: unknown, out: Chunk): void
    }): unknown
  }
  readonly BIGINT: unknown
  readonly INTEGER: unknown
  readonly DOUBLE: unknown
}

const load: (name: string) => unknown = createRequire(fileURLToPath(new URL('../../../peers/package.json', import.meta.url)))

/** DuckDB, or `undefined` (said aloud) when it is not installed under `peers/`. */
export function loadDuckDB(): DuckDB | undefined {
  try {
    return load('@duckdb/node-api') as DuckDB
  } catch {
    process.stderr.write('SKIPPED: @duckdb/node-api is not installed under peers/ (npm run peers)\n')
    return undefined
  }
}
