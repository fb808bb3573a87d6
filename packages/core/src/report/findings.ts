import { SHORTEST_FOR_A_YEAR } from './figures.js'
import { formatPercent, counted, formatAt, formatDays, formatMoney } from './format.js'
import { type RefusalCount, type RunRecord } from './run-record.js'
import { type RunStatistics } from './run-statistics.js'

/** Something that a reader must know, in words: what was seen, the likely cause and what to do. */
export interface Finding {
  /** `error`: the figures mean nothing; `warning`: read them with care; `note`. */
  readonly severity: 'error' | 'warning' | 'note'
  readonly code: string
  readonly message: string
}

/** Fewer returns than this say nothing about a ratio. */
const FEW_RETURNS = 30

/** What stands beside a report's name, so that no figure is read without it: `ungated`, `synthetic market`. */
export function marksOf({ flags = [] }: RunRecord): readonly string[] {
  return [...new Set(flags.filter(({ type }) => type !== 'note').map(({ type }) => type.replace('-', ' ')))]
}

/** Says in words what a run lacks or hides: no data, no trades, unfilled orders, undefined figures, optimistic assumptions. */
export function describeFindings(record: RunRecord, statistics: RunStatistics): readonly Finding[] {
  const findings: Finding[] = []
  const add = (severity: Finding['severity'], code: string, message: string): void => void findings.push({ severity, code, message })

  const flags = record.flags ?? []
  for (const { type, message } of flags) if (type !== 'note') add(type === 'synthetic-market' ? 'note' : 'warning', type, message)
  const notes = flags.filter(({ type }) => type === 'note').map(({ message }) => message)
  if (notes.length > 0) add('note', 'note', notes.join('; '))
  describeData(record, statistics, add)
  describeOrders(record, statistics, add)
  describeFigures(record, statistics, add)
  const rank = { error: 0, warning: 1, note: 2 }
  return findings.sort((a, b) => rank[a.severity] - rank[b.severity])
}

type Add = (severity: Finding['severity'], code: string, message: string) => void

function describeData(record: RunRecord, statistics: RunStatistics, add: Add): void {
  const events = Object.values(record.events ?? {}).reduce((total, count) => total + count, 0)
  if (record.equity.times.length === 0) {
    const seen = record.events === undefined ? '' : ` The engine handled ${counted(events, 'event')}.`
    add(
      'error',
      'no-data',
      `No equity was recorded: the run met no market data.${seen} Likely causes: the range of the run lies outside the data, the symbols are not in the feed, or the time zone of the file shifts its bars out of the session.`,
    )
    return
  }
  if (record.events !== undefined && events === 0)
    add('error', 'no-data', 'The engine handled no market data event; the equity is the starting cash.')
  const gaps = record.equity.values.reduce((total, value) => total + (Number.isFinite(value) ? 0 : 1), 0)
  if (gaps > 0) {
    add(
      'warning',
      'equity-gaps',
      `${counted(gaps, 'equity sample')} could not be valued and ${gaps === 1 ? 'is' : 'are'} left out: a held instrument had no price or no exchange rate at that time.`,
    )
  }
  describeSpans(record, add)
  if (statistics.finalEquity <= 0)
    add('error', 'bankrupt', 'The account lost everything; ratios after that point mean nothing. Add a drawdown limit.')
}

const nsPerDay = 86_400_000_000_000n
/** Instruments that can be told apart in a sentence; more of them come and go as a matter of course. */
const fewInstruments = 20
const toldApart = 4

/** Inputs that begin late, end early or are missing: from then on, and until then, only the others were traded. */
function describeSpans({ spans = [], instruments }: RunRecord, add: Add): void {
  if (spans.length === 0 || instruments.length < 2) return
  const from = spans.reduce((first, span) => (span.from < first ? span.from : first), spans[0].from)
  const to = spans.reduce((last, span) => (span.to > last ? span.to : last), spans[0].to)
  // Days off and late openings differ from market to market.
  const span = to - from
  const slack = span < 80n * nsPerDay ? span / 20n : span < 200n * nsPerDay ? 4n * nsPerDay : span / 50n
  const symbol = (instrument: number): string => instruments[instrument].symbol
  const told = [
    ...spans.filter((span) => span.from > from + slack).map((span) => `${symbol(span.instrument)} begins at ${formatAt(span.from)}`),
    ...spans.filter((span) => span.to < to - slack).map((span) => `${symbol(span.instrument)} ends at ${formatAt(span.to)}`),
    ...instruments.flatMap((_, row) => (spans.some(({ instrument }) => instrument === row) ? [] : [`${symbol(row)} has no price at all`])),
  ]
  if (told.length === 0) return
  const more = told.length > toldApart ? `, and ${told.length - toldApart} more` : ''
  add(
    instruments.length > fewInstruments ? 'note' : 'warning',
    'unequal-spans',
    `The inputs do not cover the same time. The run had prices from ${formatAt(from)} to ${formatAt(to)}, but ${told.slice(0, toldApart).join(', ')}${more}. Where an input is missing only the others were traded: give all of them one range, or compare over what they share.`,
  )
}

function describeOrders(record: RunRecord, statistics: RunStatistics, add: Add): void {
  const { orders, refusals = [] } = record
  const refused = refusals.reduce((total, { count }) => total + count, 0)
  if (orders.submitted === 0) {
    // Without data there was nothing to decide on, and that is said already.
    if (record.equity.times.length === 0) return
    const why =
      refused > 0
        ? `${counted(refused, 'intention')} ${refused === 1 ? 'was' : 'were'} refused; the most frequent: ${describeRefusal(record, mostFrequent(refusals))}`
        : 'nothing asked for one. Likely causes: the strategy never warmed up on this much data, its condition was never met, or it subscribes to a schema the feed does not deliver.'
    add('error', 'no-orders', `No order was placed: ${why}`)
  } else if (statistics.fills === 0) {
    add(
      'error',
      'no-fills',
      `${counted(orders.submitted, 'order')} placed, none filled (${outcomes(record)}). Likely causes: limits the market never reached, orders placed after the last data, or a session that was closed.`,
    )
  } else if (statistics.trades.trades === 0) {
    add(
      'warning',
      'no-trades',
      `${counted(statistics.fills, 'fill')}, but no position was closed: trade statistics are undefined, and the result is unrealised.`,
    )
  }
  const unfilled = orders.submitted - orders.filled
  if (statistics.fills > 0 && orders.rejected > 0)
    add('warning', 'rejected', `${counted(orders.rejected, 'order')} rejected (${outcomes(record)}).`)
  else if (statistics.fills > 0 && unfilled > orders.submitted / 2)
    add('note', 'unfilled', `More than half of the orders did not fill (${outcomes(record)}).`)
  if (orders.working > 0) add('note', 'working', `${counted(orders.working, 'order')} still working when the run ended.`)
  if (orders.submitted > 0 && refused > 0) {
    add(
      'note',
      'refusals',
      `Not traded ${counted(refused, 'time')}; the most frequent reason: ${describeRefusal(record, mostFrequent(refusals))}`,
    )
  }
  const open = record.openPositions ?? []
  if (open.length > 0) {
    const names = open.map(({ instrument, quantity }) => `${quantity} ${record.instruments[instrument].symbol}`)
    add(
      'note',
      'open-positions',
      `Open at the end, valued at the last price: ${names.slice(0, 8).join(', ')}${names.length > 8 ? ` and ${names.length - 8} more` : ''}.`,
    )
  }
}

function describeFigures(record: RunRecord, statistics: RunStatistics, add: Add): void {
  if (record.equity.times.length === 0) return
  const { periods, trades, volatility } = statistics
  if (periods < 2) {
    add(
      'warning',
      'few-returns',
      `${counted(periods, 'return')} in the sampling of this report: volatility and every ratio are undefined. Run longer, or sample more often.`,
    )
  } else if (volatility === 0 || (volatility !== volatility && statistics.fills === 0)) {
    add('warning', 'flat-equity', 'Equity never changed, so volatility is zero and the ratios are undefined.')
  } else if (periods < FEW_RETURNS) {
    add('warning', 'few-returns', `The ratios rest on ${counted(periods, 'return')}; below ${FEW_RETURNS} they are noise.`)
  }
  if (statistics.days < SHORTEST_FOR_A_YEAR) {
    add(
      'note',
      'short-run',
      `The run spans ${formatDays(statistics.days)}, too short to extrapolate growth, alpha, capture or turnover to a year.`,
    )
  }
  if (trades.trades > 0 && trades.grossLoss === 0) {
    add(
      'note',
      'no-losing-trade',
      `No trade lost, so profit factor, payoff ratio and Kelly criterion have no finite value. With ${counted(trades.trades, 'trade')} that is more often chance than skill.`,
    )
  }
  if (trades.trades > 0 && trades.grossProfit === 0) add('note', 'no-winning-trade', 'No trade gained: the payoff ratio is undefined.')
  const paid = statistics.fees
  if (paid > 0 && statistics.netProfit + paid > 0 && paid > (statistics.netProfit + paid) / 2) {
    add(
      'warning',
      'fees',
      `Fees of ${formatMoney(paid, record.currency)} took ${formatPercent(paid / (statistics.netProfit + paid), 0)} of the profit before fees.`,
    )
  }
}

function mostFrequent(refusals: readonly RefusalCount[]): RefusalCount {
  return refusals.reduce((most, refusal) => (refusal.count > most.count ? refusal : most))
}

function describeRefusal(record: RunRecord, { instrument, rule, count, lastReason, lastAt }: RefusalCount): string {
  const name = instrument === undefined ? '' : ` for ${record.instruments[instrument].symbol}`
  return `${rule}${name}, ${count} times, last at ${formatAt(lastAt)}: ${lastReason}`
}

function outcomes({ orders }: RunRecord): string {
  const parts = (['filled', 'rejected', 'canceled', 'expired', 'working'] as const)
    .filter((key) => orders[key] > 0)
    .map((key) => `${orders[key]} ${key}`)
  return parts.join(', ') || 'no outcome known'
}
