import type { Metadata } from '../codec/metadata.js'
import { readCstr } from '../codec/cstr.js'
import type { RecordRun } from '../codec/run.js'
import { RType } from '../layout/enums.js'

interface Interval {
  /** ns, inclusive. */
  readonly from: bigint
  /** ns, exclusive. */
  readonly to: bigint
  readonly symbol: string
}

const FOREVER = 0x7fffffffffffffffn
const layoutOffsets: Readonly<Record<string, readonly [offset: number, width: number]>> = {
  SymbolMapping: [89, 71],
  SymbolMappingV1: [38, 22],
}

/**
 * Which symbol an instrument id stood for, and when: from the mappings in the metadata, and in live streams from symbol mapping records.
 * Ids are reused from day to day, so a lookup needs a time; it is in one dataset, because venues reuse ids too.
 */
export class SymbolIndex {
  readonly #intervals = new Map<number, Interval[]>()
  #lastId = -1
  #last: Interval | undefined

  constructor(metadata?: Metadata) {
    if (metadata === undefined) return
    const isInverse = metadata.stypeIn === 'instrument_id'
    for (const { rawSymbol, intervals } of metadata.mappings) {
      for (const { startDate, endDate, symbol } of intervals) {
        // An empty symbol says that there was none on those days.
        if (symbol === '') continue
        const id = Number(isInverse ? rawSymbol : symbol)
        if (Number.isInteger(id)) this.add(id, isInverse ? symbol : rawSymbol, dateNs(startDate), dateNs(endDate))
      }
    }
  }

  /** Adds a fact: `symbol` is `instrumentId` from `from` until `to` (ns, exclusive). A later fact wins where two overlap. */
  add(instrumentId: number, symbol: string, from = 0n, to = FOREVER): void {
    this.#lastId = -1
    const known = this.#intervals.get(instrumentId)
    if (known?.[0]?.symbol === symbol && known[0].from === from && known[0].to === to) return
    if (known === undefined) this.#intervals.set(instrumentId, [{ from, to, symbol }])
    else known.unshift({ from, to, symbol })
  }

  /** Learns from symbol mapping records; runs of other types are passed over. */
  learn(run: RecordRun): void {
    if (run.rtype !== RType.symbolMapping || run.layout === undefined) return
    const place = layoutOffsets[run.layout.name]
    if (place === undefined) return
    for (let row = 0; row < run.length; row += 1) {
      const word = run.wordOffset + row * run.stride
      const symbol = readCstr(run.bytes, word * 4 + place[0], place[1])
      // It holds from here on in the stream, and a replay brings times before it.
      this.add(run.uint32[word + 1], symbol)
    }
  }

  /** The symbol of an id at a time (ns), or `undefined` when nothing is known. */
  symbolAt(instrumentId: number, ts: bigint): string | undefined {
    if (instrumentId === this.#lastId && this.#last !== undefined && ts >= this.#last.from && ts < this.#last.to) return this.#last.symbol
    const known = this.#intervals.get(instrumentId)
    const found = known?.find(({ from, to }) => ts >= from && ts < to)
    this.#lastId = instrumentId
    this.#last = found
    return found?.symbol
  }

  /** Every id with the symbols it stood for, latest fact first. */
  *entries(): Generator<readonly [instrumentId: number, intervals: readonly Interval[]], void, undefined> {
    yield* this.#intervals
  }
}

/** Midnight UTC of a `YYYYMMDD` number, ns. */
export function dateNs(date: number): bigint {
  return BigInt(Date.UTC(Math.floor(date / 10000), (Math.floor(date / 100) % 100) - 1, date % 100)) * 1_000_000n
}
