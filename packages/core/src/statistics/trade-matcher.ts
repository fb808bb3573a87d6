import { TradingError } from '@gatehouse/contracts'

/** Executions as columns, shape `[fills]`, in the order they happened. */
export interface FillColumns {
  /** ns since the Unix epoch, UTC. */
  readonly times: BigInt64Array
  /** Row of the instrument in a list that goes with the columns. */
  readonly instruments: Uint32Array
  /** Signed: a buy is positive. */
  readonly quantities: Float64Array
  /** In the instrument's currency, per unit. */
  readonly prices: Float64Array
  /** Paid in the account's currency; negative is a rebate. */
  readonly fees: Float64Array
}

/** Closed trades as columns, shape `[trades]`, in the order they closed. */
export interface TradeColumns {
  /** Row of the instrument in a list that goes with the columns. */
  readonly instruments: Uint32Array
  /** Signed: a long trade is positive. */
  readonly quantities: Float64Array
  /** ns since the Unix epoch, UTC. */
  readonly entryTimes: BigInt64Array
  readonly exitTimes: BigInt64Array
  /** Average prices, in the instrument's currency. */
  readonly entryPrices: Float64Array
  readonly exitPrices: Float64Array
  /** After fees, in the account's currency. */
  readonly profits: Float64Array
  /** Fees of both sides, in the account's currency. */
  readonly fees: Float64Array
}

/** Options of {@link matchTrades}. */
export interface MatchOptions {
  /**
   * - `'fifo'` (default): each exit closes the oldest open fills first; a trade is one entry matched with one exit
   * - `'flat-to-flat'`: a trade runs from flat until flat again or reversed, at average prices
   */
  readonly method?: 'fifo' | 'flat-to-flat' | undefined
  /** Money per unit of price and quantity, by instrument row: 50 for an E-mini. Default 1. */
  readonly multipliers?: Float64Array | undefined
}

/** What is open of one instrument, oldest first: rows of fills and what is left of each. */
class OpenLots {
  readonly #rows: number[] = []
  readonly #quantities: number[] = []
  #head = 0

  get isEmpty(): boolean {
    return this.#head === this.#rows.length
  }
  /** Row of the oldest fill. */
  get row(): number {
    return this.#rows[this.#head]
  }
  /** What is left of it, signed. */
  get quantity(): number {
    return this.#quantities[this.#head]
  }

  push(row: number, quantity: number): void {
    this.#rows.push(row)
    this.#quantities.push(quantity)
  }

  /** Leaves `quantity` of the oldest; 0 closes it. */
  leave(quantity: number): void {
    this.#quantities[this.#head] = quantity
    if (quantity !== 0) return
    this.#head++
    // What is closed goes once it is most of the list: each lot is moved once, and memory follows what is open.
    if (this.#head * 2 < this.#rows.length) return
    this.#rows.splice(0, this.#head)
    this.#quantities.splice(0, this.#head)
    this.#head = 0
  }
}

/**
 * Matches fills as they come, first in first out. A match is two rows of the fills and a quantity, 17 bytes: trades are made of them
 * when they are asked for, so a run of any length holds its fills once.
 */
export class TradeMatcher {
  readonly #lots: (OpenLots | undefined)[] = []
  #entries = new Uint32Array(256)
  #exits = new Uint32Array(256)
  /** Signed like the entry. */
  #quantities = new Float64Array(256)
  /** 1 where the match leaves nothing open of its instrument. */
  #flattens = new Uint8Array(256)
  #length = 0

  /**
   * Takes the next fill.
   * @param row in `fills`, whose rows before it stay as they were
   * @throws {TradingError} `STATISTICS_INPUT` for a quantity that is not finite
   */
  add(fills: FillColumns, row: number): void {
    let remaining = fills.quantities[row]
    if (!Number.isFinite(remaining)) {
      throw new TradingError('STATISTICS_INPUT', `fill ${row} has a quantity of ${remaining}; a quantity is a number`, {
        row,
        quantity: remaining,
      })
    }
    const lots = (this.#lots[fills.instruments[row]] ??= new OpenLots())
    while (remaining !== 0 && !lots.isEmpty && lots.quantity > 0 !== remaining > 0) {
      const open = lots.quantity
      const size = Math.min(Math.abs(open), Math.abs(remaining))
      const quantity = open > 0 ? size : -size
      const entry = lots.row
      remaining = withoutDust(remaining + quantity, size)
      lots.leave(withoutDust(open - quantity, size))
      this.#note(entry, row, quantity, lots.isEmpty)
    }
    if (remaining !== 0) lots.push(row, remaining)
  }

  #note(entry: number, exit: number, quantity: number, flattens: boolean): void {
    if (this.#length === this.#entries.length) this.#grow()
    const at = this.#length++
    this.#entries[at] = entry
    this.#exits[at] = exit
    this.#quantities[at] = quantity
    this.#flattens[at] = flattens ? 1 : 0
  }

  #grow(): void {
    const capacity = this.#length * 2
    const grown = <A extends { set(from: A): void }>(next: A, column: A): A => {
      next.set(column)
      return next
    }
    this.#entries = grown(new Uint32Array(capacity), this.#entries)
    this.#exits = grown(new Uint32Array(capacity), this.#exits)
    this.#quantities = grown(new Float64Array(capacity), this.#quantities)
    this.#flattens = grown(new Uint8Array(capacity), this.#flattens)
  }

  /** The trades closed so far, in the order they closed. @param fills those that were added */
  trades(fills: FillColumns, { method = 'fifo', multipliers }: MatchOptions = {}): TradeColumns {
    const matched = this.#matched(fills, multipliers)
    return method === 'fifo' ? matched : this.#rounds(matched)
  }

  #matched(fills: FillColumns, multipliers: Float64Array | undefined): TradeColumns {
    const length = this.#length
    const trades = emptyTrades(length)
    trades.quantities.set(this.#quantities.subarray(0, length))
    for (let i = 0; i < length; i++) {
      const [entry, exit, quantity] = [this.#entries[i], this.#exits[i], this.#quantities[i]]
      const instrument = fills.instruments[exit]
      const feePerUnit = fills.fees[entry] / Math.abs(fills.quantities[entry]) + fills.fees[exit] / Math.abs(fills.quantities[exit])
      const fees = Math.abs(quantity) * feePerUnit
      trades.instruments[i] = instrument
      trades.entryTimes[i] = fills.times[entry]
      trades.exitTimes[i] = fills.times[exit]
      trades.entryPrices[i] = fills.prices[entry]
      trades.exitPrices[i] = fills.prices[exit]
      trades.profits[i] = (fills.prices[exit] - fills.prices[entry]) * quantity * (multipliers?.[instrument] ?? 1) - fees
      trades.fees[i] = fees
    }
    return trades
  }

  /** Merges the matches of each instrument up to the one that leaves it flat. */
  #rounds(matched: TradeColumns): TradeColumns {
    const ends: number[] = []
    for (let i = 0; i < this.#length; i++) if (this.#flattens[i] === 1) ends.push(i)
    const merged = emptyTrades(ends.length)
    const parts: number[][] = []
    let row = 0
    for (let i = 0; i < this.#length; i++) {
      const instrument = matched.instruments[i]
      ;(parts[instrument] ??= []).push(i)
      if (this.#flattens[i] === 0) continue
      mergeRound(matched, parts[instrument], merged, row++)
      parts[instrument] = []
    }
    return merged
  }
}

/**
 * Matches fills into closed trades. What is still open at the end is not a trade.
 * @throws {TradingError} `STATISTICS_INPUT` for a quantity that is not finite
 */
export function matchTrades(fills: FillColumns, options: MatchOptions = {}): TradeColumns {
  const matcher = new TradeMatcher()
  for (let row = 0; row < fills.times.length; row++) matcher.add(fills, row)
  return matcher.trades(fills, options)
}

function emptyTrades(length: number): TradeColumns {
  return {
    instruments: new Uint32Array(length),
    quantities: new Float64Array(length),
    entryTimes: new BigInt64Array(length),
    exitTimes: new BigInt64Array(length),
    entryPrices: new Float64Array(length),
    exitPrices: new Float64Array(length),
    profits: new Float64Array(length),
    fees: new Float64Array(length),
  }
}

function mergeRound(from: TradeColumns, parts: readonly number[], into: TradeColumns, row: number): void {
  const sum = (column: Float64Array): number => parts.reduce((total, part) => total + column[part], 0)
  const quantity = sum(from.quantities)
  const average = (column: Float64Array): number =>
    parts.reduce((total, part) => total + column[part] * from.quantities[part], 0) / quantity
  into.instruments[row] = from.instruments[parts[0]]
  into.quantities[row] = quantity
  into.entryTimes[row] = from.entryTimes[parts[0]]
  into.exitTimes[row] = from.exitTimes[parts[parts.length - 1]]
  into.entryPrices[row] = average(from.entryPrices)
  into.exitPrices[row] = average(from.exitPrices)
  into.profits[row] = sum(from.profits)
  into.fees[row] = sum(from.fees)
}

// Fractional quantities leave a rest such as 2.8e-17 that no venue would call a position.
function withoutDust(quantity: number, traded: number): number {
  return Math.abs(quantity) <= 1e-12 * traded ? 0 : quantity
}
