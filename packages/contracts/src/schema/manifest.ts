import Type from 'typebox'
import { defineContract, type DocumentOf } from './contract.js'
import { closed, count, digest, text, time, words } from './primitives.js'

const columnType = words(
  [
    'bool',
    'int8',
    'int16',
    'int32',
    'int64',
    'uint8',
    'uint16',
    'uint32',
    'uint64',
    'float32',
    'float64',
    'string',
    'binary',
    'timestamp-ns',
  ],
  { description: 'Logical type; timestamp-ns is int64 nanoseconds since the Unix epoch, UTC' },
)

/** Where rows come from: a model trained on one source refuses another. */
export const dataSource = closed(
  {
    dataset: text("Databento's dataset code or a name of the user's own, such as XNAS.ITCH"),
    venue: Type.Optional(text('Publisher or venue within the dataset')),
    schema: text('Record schema, such as mbp-10, trades, ohlcv-1h'),
  },
  { description: 'One source of rows' },
)

const columns = Type.Array(
  closed({ name: text('Column name, camelCase'), type: columnType, unit: Type.Optional(text('Unit of its values')) }),
  { minItems: 1, description: 'Columns; order is not significant' },
)

const neededSource = closed(
  {
    ...dataSource.properties,
    optional: Type.Optional(
      words(['present', 'absent'], {
        description:
          'Stated where the model does without this source, and whether it was there in training: one that was absent stays absent, one that was present is flagged where it is missing. Required when not stated',
      }),
    ),
  },
  { description: 'One source of rows, and whether the model does without it' },
)

/** The columns, types and sources a model needs from a manifest; {@link manifestShapeProblems} checks a pin against it. */
export const manifestShapeContract = defineContract({
  name: 'manifest-shape',
  version: '1.0',
  title: 'ManifestShape',
  description: 'The columns, types and sources that a model needs of its data',
  properties: {
    columns,
    sources: Type.Array(neededSource, { minItems: 1, description: 'Every source that a feature reads; at least one is required' }),
  },
})
export type ManifestShape = DocumentOf<typeof manifestShapeContract>

/** Names exact data bytes for ever: a table, its version, and the hash chain up to it. */
export const manifestPinContract = defineContract({
  name: 'manifest-pin',
  version: '1.0',
  title: 'ManifestPin',
  description: 'Exact data bytes for ever: a table, its version and the hash chain up to that version',
  properties: {
    tableId: text('Identity of the table, given when it was created'),
    version: count('Version of the table log'),
    chain: digest('Hash chain over every commit up to this version'),
    holds: closed(
      {
        columns,
        sources: Type.Array(dataSource, { minItems: 1, description: 'Sources of the rows' }),
        rows: count('Rows at this version'),
        from: time('availableAt of the first row'),
        to: time('availableAt of the last row'),
      },
      { description: 'What the pinned version holds' },
    ),
  },
})
export type ManifestPin = DocumentOf<typeof manifestPinContract>
export type NeededSource = ManifestShape['sources'][number]
export type DataSource = ManifestPin['holds']['sources'][number]
