import { formatTime, type ManifestPin } from '@gatehouse/contracts'
import { type TableState } from '../delta/table-state.js'
import { instrumentColumn, type StoredColumn, type TableLayout, timeColumn } from './layout.js'
import { tableFile } from './table-files.js'

type ColumnShape = ManifestPin['holds']['columns'][number]

/** The pin of a state: its table, version and chain, and what it holds. */
export function pinOf(state: TableState, layout: TableLayout): ManifestPin {
  let rows = 0
  let from: bigint | undefined
  let to: bigint | undefined
  for (const add of state.files.values()) {
    const file = tableFile(add)
    rows += file.rows
    if (from === undefined || file.from < from) from = file.from
    if (to === undefined || file.to > to) to = file.to
  }
  return {
    type: 'manifest-pin',
    contractVersion: '1.0',
    tableId: state.metaData!.id,
    version: state.version,
    chain: state.chain,
    holds: {
      columns: [
        { name: timeColumn, type: 'timestamp-ns' },
        { name: instrumentColumn, type: 'string' },
        ...layout.columns.map((column) => shapeOf(column, layout.priceDivisor)),
      ],
      sources: [{ dataset: layout.source, schema: layout.schema }],
      rows,
      from: formatTime(from ?? 0n),
      to: formatTime(to ?? 0n),
    },
  }
}

function shapeOf({ name, kind, array }: StoredColumn, priceDivisor: number): ColumnShape {
  switch (array) {
    case 'BigInt64Array':
      return kind === 'time' ? { name, type: 'timestamp-ns' } : { name, type: 'int64', unit: `1/${priceDivisor}` }
    case 'Int32Array':
      return { name, type: 'int32', unit: `1/${priceDivisor}` }
    case 'Float64Array':
      return { name, type: 'float64' }
    case 'BigUint64Array':
      return { name, type: 'uint64' }
    case 'Uint32Array':
      return { name, type: 'uint32' }
    case 'Uint8Array':
      return { name, type: 'uint8' }
    case 'Array':
      return { name, type: 'string' }
  }
}
