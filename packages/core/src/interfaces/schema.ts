/**
 * What a column holds, and so its array type:
 * - `time`: `BigInt64Array`, ns since the Unix epoch, UTC; `id`: `BigUint64Array`;
 * - `price`: as the source has it (see `PriceArray`), divided by the batch's `priceDivisor`;
 * - `size`: `Float64Array` or `Uint32Array`, in the instrument's quantity;
 * - `count`: `Uint32Array`; `char`: `Uint8Array` of ASCII codes; `flags`: `Uint8Array`;
 * - `number`: `Float64Array`, `NaN` when missing; `text`: strings, `''` when missing.
 */
export type ColumnKind = 'time' | 'id' | 'price' | 'size' | 'count' | 'char' | 'flags' | 'number' | 'text'

export interface ColumnSpec {
  readonly name: string
  readonly kind: ColumnKind
  /** Unit where the kind does not say it. */
  readonly unit?: string
}

const time = <N extends string>(name: N) => ({ name, kind: 'time' }) as const
const price = <N extends string>(name: N) => ({ name, kind: 'price' }) as const
const size = <N extends string>(name: N) => ({ name, kind: 'size' }) as const
const count = <N extends string>(name: N) => ({ name, kind: 'count' }) as const
const char = <N extends string>(name: N) => ({ name, kind: 'char' }) as const
const flags = <N extends string>(name: N) => ({ name, kind: 'flags' }) as const
const number = <N extends string, U extends string>(name: N, unit: U) => ({ name, kind: 'number', unit }) as const
const text = <N extends string>(name: N) => ({ name, kind: 'text' }) as const

const received = [time('tsEvent'), time('tsRecv')] as const
const bar = [time('tsEvent'), price('open'), price('high'), price('low'), price('close'), size('volume')] as const
const message = [...received, char('action'), char('side'), price('price'), size('size'), flags('flags'), count('sequence')] as const

type Digit = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9'
type Level<L extends string> = {
  readonly [N in `bidPx${L}` | `askPx${L}`]: { readonly name: N; readonly kind: 'price' }
} & {
  readonly [N in `bidSz${L}` | `askSz${L}`]: { readonly name: N; readonly kind: 'size' }
} & {
  readonly [N in `bidCt${L}` | `askCt${L}`]: { readonly name: N; readonly kind: 'count' }
}
type LevelColumn<L extends string> = Level<L>[keyof Level<L>]

/** Databento's level columns, `bidPx00 askPx00 bidSz00 askSz00 bidCt00 askCt00`, best level first. */
function levels<L extends string>(...names: L[]): readonly LevelColumn<L>[] {
  return names.flatMap((level) => [
    price(`bidPx${level}`),
    price(`askPx${level}`),
    size(`bidSz${level}`),
    size(`askSz${level}`),
    count(`bidCt${level}`),
    count(`askCt${level}`),
  ]) as unknown as readonly LevelColumn<L>[]
}
const tenLevels = levels<`0${Digit}`>('00', '01', '02', '03', '04', '05', '06', '07', '08', '09')

/**
 * The columns of every schema, Databento's names in camelCase. `tsEvent` of a bar is its *start* (Databento's rule); it is known at its end.
 * @see https://databento.com/docs/schemas-and-data-formats
 */
export const schemaColumns = {
  'ohlcv-1s': bar,
  'ohlcv-1m': bar,
  'ohlcv-1h': bar,
  'ohlcv-1d': bar,
  trades: message,
  tbbo: [...message, ...levels('00')],
  'mbp-1': [...message, count('depth'), ...levels('00')],
  'bbo-1s': [...received, price('price'), size('size'), char('side'), flags('flags'), ...levels('00')],
  'mbp-10': [...message, count('depth'), ...tenLevels],
  mbo: [...message, { name: 'orderId', kind: 'id' }],
  definition: [
    ...received,
    text('rawSymbol'),
    price('minPriceIncrement'),
    number('contractMultiplier', 'units'),
    time('expiration'),
    text('currency'),
    text('exchange'),
  ],
  status: [...received, count('action'), count('reason'), char('isTrading'), char('isQuoting'), char('isShortSellRestricted')],
  imbalance: [...received, price('refPrice'), size('pairedQty'), size('totalImbalanceQty'), char('auctionType'), char('side')],
  statistics: [...received, count('statType'), price('price'), size('quantity'), time('tsRef')],
  news: [time('tsEvent'), text('headline'), text('body'), number('sentiment', '-1..1'), text('publisher')],
  fundamentals: [time('tsEvent'), text('field'), number('value', 'as the field says'), text('unit')],
  'corporate-action': [
    time('tsEvent'),
    text('kind'),
    number('ratio', 'new shares per old'),
    number('amount', 'currency per share'),
    text('symbol'),
  ],
} as const satisfies Record<string, readonly ColumnSpec[]>

export type Schema = keyof typeof schemaColumns
export const schemas = Object.keys(schemaColumns) as readonly Schema[]

export type BarSchema = 'ohlcv-1s' | 'ohlcv-1m' | 'ohlcv-1h' | 'ohlcv-1d'
export type QuoteSchema = 'mbp-1' | 'tbbo' | 'bbo-1s'

/** Length of a bar in nanoseconds. */
export const barNs: Readonly<Record<BarSchema, bigint>> = {
  'ohlcv-1s': 1_000_000_000n,
  'ohlcv-1m': 60_000_000_000n,
  'ohlcv-1h': 3_600_000_000_000n,
  'ohlcv-1d': 86_400_000_000_000n,
}

export function isBarSchema(schema: Schema): schema is BarSchema {
  return schema in barNs
}
