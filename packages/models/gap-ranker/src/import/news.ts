import { TradingError } from '@gatehouse/contracts'
import { createBatch, type Batch, type Instrument } from '@gatehouse/core'
import { knownAt } from './dates.js'
import { byTime, placed, type Imported, type ImportOptions } from './figures.js'
import { linesOf } from './records.js'
import { badValue, tableRows, type Place } from './table.js'

const columns = {
  symbol: ['symbol', 'ticker', 'symbols', 'tickers'],
  publishedAt: ['publishedAt', 'published_at', 'published', 'time', 'datetime', 'date'],
  headline: ['headline', 'title'],
  body: ['body', 'text', 'summary'],
  sentiment: ['sentiment', 'score'],
  publisher: ['publisher', 'source'],
} as const
type Column = keyof typeof columns

interface NewsRow {
  readonly at: bigint
  readonly instrument: Instrument
  readonly headline: string
  readonly body: string
  readonly sentiment: number
  readonly publisher: string
}

/** One item before its symbols are known by name. */
interface Item {
  readonly text: { readonly [K in Column]: string | undefined }
  readonly symbols: readonly string[]
  place(column: Column): Place
}

/**
 * Reads news: JSON lines (`.jsonl`, `.ndjson`, `.json`, also `.gz`) or delimited text with a header. Needs a symbol (or several), a time and a headline; `sentiment`
 * from -1 to 1 is taken where there is one, otherwise the model's scorer scores the words. A date without a time is known when the day is over.
 * @throws {TradingError} `GAP_FILE_UNREADABLE`, `GAP_FILE_HEADER`, `GAP_FILE_ROW`, `GAP_FILE_VALUE`, naming file, line and value
 */
export async function readNews(file: string, { source, resolve }: ImportOptions): Promise<Imported<'news'>> {
  const rows: NewsRow[] = []
  const report = { rows: 0, unknownSymbols: 0, withoutValue: 0, revised: 0 }
  for await (const item of /\.(jsonl|ndjson|json)(\.gz)?$/i.test(file) ? jsonItems(file) : tableItems(file)) {
    const { headline, body = '', publisher = '' } = item.text
    const at = knownAt(item.text.publishedAt ?? '', item.place('publishedAt'))
    const sentiment = sentimentOf(item)
    if (headline === undefined || headline === '') {
      report.withoutValue++
      continue
    }
    for (const symbol of item.symbols) {
      const instrument = resolve(symbol, at)
      if (instrument === undefined) {
        report.unknownSymbols++
        continue
      }
      report.rows++
      rows.push({ at, instrument, headline, body, sentiment, publisher })
    }
  }
  return { batch: newsBatch(source, byTime(rows)), report }
}

function newsBatch(source: string, rows: readonly NewsRow[]): Batch<'news'> {
  return createBatch({
    schema: 'news',
    source,
    ...placed(rows),
    columns: {
      tsEvent: BigInt64Array.from(rows, ({ at }) => at),
      headline: rows.map(({ headline }) => headline),
      body: rows.map(({ body }) => body),
      sentiment: Float64Array.from(rows, ({ sentiment }) => sentiment),
      publisher: rows.map(({ publisher }) => publisher),
    },
  })
}

async function* tableItems(file: string): AsyncGenerator<Item> {
  for await (const row of tableRows(file, columns, ['symbol', 'publishedAt', 'headline']))
    yield { text: row.text, symbols: row.text.symbol!.split(/[\s;,]+/).filter(Boolean), place: (column) => row.place(column) }
}

async function* jsonItems(file: string): AsyncGenerator<Item> {
  for await (const { line, text } of linesOf(file)) {
    const place = (column: string): Place => ({ file, line, column })
    const object = parseObject(file, line, text)
    const found = Object.fromEntries(
      Object.entries(columns).map(([name, aliases]) => [
        name,
        aliases.map((alias) => object[alias]).find((value) => value !== undefined && value !== null),
      ]),
    ) as Readonly<Record<Column, unknown>>
    for (const column of ['symbol', 'publishedAt', 'headline'] as const)
      if (found[column] === undefined) throw badValue(place(column), '', `a field ${columns[column].join(' or ')}`)
    const symbols = Array.isArray(found.symbol) ? found.symbol : [found.symbol]
    if (!symbols.every((symbol): symbol is string => typeof symbol === 'string')) throw badValue(place('symbol'), JSON.stringify(found.symbol), 'a symbol or a list of symbols') // prettier-ignore
    const words = (column: Column): string | undefined => {
      const value = found[column]
      if (value === undefined || column === 'symbol') return undefined
      if (typeof value === 'string' || (column === 'sentiment' && typeof value === 'number')) return String(value)
      throw badValue(place(column), JSON.stringify(value), 'a text')
    }
    yield {
      text: { symbol: undefined, publishedAt: words('publishedAt'), headline: words('headline'), body: words('body'), sentiment: words('sentiment'), publisher: words('publisher') }, // prettier-ignore
      symbols,
      place,
    }
  }
}

function parseObject(file: string, line: number, text: string): Readonly<Record<string, unknown>> {
  let value: unknown
  let cause: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    cause = error
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TradingError('GAP_FILE_ROW', `${file}:${line}: is no JSON object; one object a line`, { file, line, value: text.slice(0, 80) }, cause === undefined ? undefined : { cause }) // prettier-ignore
  return value as Readonly<Record<string, unknown>>
}

function sentimentOf(item: Item): number {
  const { sentiment } = item.text
  if (sentiment === undefined || sentiment === '') return NaN
  const value = Number(sentiment)
  if (!(value >= -1 && value <= 1)) throw badValue(item.place('sentiment'), sentiment, 'a number from -1 to 1, or nothing')
  return value
}
