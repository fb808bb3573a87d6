import { TradingError } from '@gatehouse/contracts'
import { formatTime } from '../calendar/civil.js'
import type { Instrument, SymbolAlias, SymbolMap } from '../interfaces/instrument.js'
import type { TimeNs } from '../interfaces/time.js'

/** Before and after everything. */
const never = -(2n ** 63n)
const forever = 2n ** 63n - 1n

/**
 * Names of sources and brokers through time. Ids are reused and contracts roll, so one name may mean several instruments, each in its time; at one time
 * it means one. An alias holds from `from` to just before `to`.
 * @throws {TradingError} `SYMBOL_AMBIGUOUS` when two of the given aliases overlap; `resolve` without a source throws it when sources disagree
 */
export function createSymbolMap(aliases: Iterable<SymbolAlias> = []): SymbolMap {
  const bySource = new Map<string, Map<string, SymbolAlias[]>>()
  const instruments = new Map<string, Instrument>()

  const holds = ({ from = never, to = forever }: SymbolAlias, at: TimeNs): boolean => at >= from && at < to

  const add = (alias: SymbolAlias): void => {
    const { source, symbol, instrument, from = never, to = forever } = alias
    if (to <= from) {
      throw new TradingError('SYMBOL_AMBIGUOUS', `the alias ${symbol} of ${source} ends before it begins`, { source, symbol, from, to })
    }
    const symbols = bySource.get(source) ?? new Map<string, SymbolAlias[]>()
    const known = symbols.get(symbol) ?? []
    const other = known.find((present) => from < (present.to ?? forever) && (present.from ?? never) < to)
    if (other !== undefined) {
      const time = formatTime(from > (other.from ?? never) ? from : (other.from ?? 0n))
      throw new TradingError(
        'SYMBOL_AMBIGUOUS',
        `${source} would call both ${other.instrument.id} and ${instrument.id} ${symbol} at ${time}: give the aliases times that do not overlap`,
        { source, symbol, instruments: [other.instrument.id, instrument.id] },
      )
    }
    // Within a run the same id is the same object, so the first that came stands for all.
    const identity = instruments.get(instrument.id) ?? instrument
    instruments.set(instrument.id, identity)
    known.push({ ...alias, instrument: identity })
    known.sort((a, b) => ((a.from ?? never) < (b.from ?? never) ? -1 : 1))
    symbols.set(symbol, known)
    bySource.set(source, symbols)
  }
  const resolveIn = (source: string, symbol: string, at: TimeNs): Instrument | undefined =>
    bySource
      .get(source)
      ?.get(symbol)
      ?.find((alias) => holds(alias, at))?.instrument

  for (const alias of aliases) add(alias)
  return {
    add,
    resolve(symbol, at, source) {
      if (source !== undefined) return resolveIn(source, symbol, at)
      const found = new Set(
        [...bySource.keys()].map((name) => resolveIn(name, symbol, at)).filter((instrument) => instrument !== undefined),
      )
      if (found.size > 1) {
        throw new TradingError('SYMBOL_AMBIGUOUS', `${symbol} means ${[...found].map(({ id }) => id).join(' and ')}: name the source`, {
          symbol,
        })
      }
      return [...found][0]
    },
    nameOf(instrument, source, at) {
      for (const [symbol, known] of bySource.get(source) ?? []) {
        if (known.some((alias) => alias.instrument.id === instrument.id && holds(alias, at))) return symbol
      }
      return undefined
    },
    get instruments() {
      return [...instruments.values()]
    },
  }
}
