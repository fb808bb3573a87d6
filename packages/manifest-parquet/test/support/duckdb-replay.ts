import { sql } from '../peers.js'

/**
 * An independent reader: DuckDB replays the JSON log in SQL (adds that no later version removes) and reads the files it names.
 * Percent-encoding is undone by DuckDB's own `url_decode`.
 */
export async function replayWithDuckDB(directory: string): Promise<{ rows: number; sumOfTimes: string; files: number }> {
  const entries = `read_json('${directory}/_delta_log/*.json', format = 'newline_delimited', filename = true, union_by_name = true, columns = {
    add: 'STRUCT(path VARCHAR)', remove: 'STRUCT(path VARCHAR)' })`
  const active = await sql(`
    WITH actions AS (
      SELECT regexp_extract(filename, '(\\d{20})\\.json', 1)::BIGINT AS version, add.path AS added, remove.path AS removed FROM ${entries}
    ), latest AS (
      SELECT coalesce(added, removed) AS path, arg_max(added IS NOT NULL, version * 2 + (added IS NOT NULL)::INT) AS is_there
      FROM actions WHERE coalesce(added, removed) IS NOT NULL GROUP BY 1
    )
    SELECT url_decode(path) AS path FROM latest WHERE is_there ORDER BY 1`)
  const paths = active.map(({ path }) => `'${directory}/${String(path).replaceAll("'", "''")}'`)
  if (paths.length === 0) return { rows: 0, sumOfTimes: '0', files: 0 }
  const [{ rows, total }] = await sql(
    `SELECT count(*)::BIGINT AS rows, sum(availableAt::HUGEINT)::VARCHAR AS total FROM read_parquet([${paths.join(', ')}], hive_partitioning = false)`,
  )
  return { rows: Number(rows), sumOfTimes: String(total), files: paths.length }
}
