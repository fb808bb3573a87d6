import { existsSync, readFileSync } from 'node:fs'
import {
  csvBars,
  equity,
  future,
  noFees,
  perOrderFees,
  run,
  runStatistics,
  simulatedBroker,
  standardDeviation,
  contractMargin,
  type FeeModel,
  type Instrument,
  type MarginModel,
  type RunResult,
  type Strategy,
} from '@gatehouse/core'
import type { ScoredFigure } from './scorecard-figure.js'

/** backtrader's test strategy: one unit while the close lies above its average of 15, orders at the next open. Nothing but defaults. */
const smaCross = (): Strategy => {
  const closes: number[] = []
  let before = NaN
  return {
    name: 'sma-cross',
    onBar({ instrument, close }, { orders }) {
      closes.push(close)
      if (closes.length > 15) closes.shift()
      if (closes.length < 15) return
      const beyond = close - closes.reduce((sum, value) => sum + value, 0) / 15
      if (before <= 0 && beyond > 0) orders.target(instrument, 1)
      if (before >= 0 && beyond < 0) orders.target(instrument, 0)
      before = beyond
    },
  }
}

interface Published {
  readonly strategy: {
    readonly futures_like: Readonly<Record<string, number | string>>
    readonly stock_like: Readonly<Record<string, number | string>>
    readonly start_cash: number
    readonly buy_exec: readonly string[]
    readonly sell_exec: readonly string[]
  }
}

function runOn(path: string, cash: number, instrument: Instrument, fees: FeeModel, margin: MarginModel | 'unlimited'): Promise<RunResult> {
  return run({
    time: 'backtest',
    strategy: smaCross,
    feeds: [csvBars({ path, instrument, schema: 'ohlcv-1d', timeZone: 'UTC' })],
    // The file gives no volume.
    broker: simulatedBroker({ cash, fees, margin, participation: Infinity }),
  })
}

/** backtrader's published figures of that strategy on a future and on a share, ours beside them. */
export async function backtraderFigures(shared: { readonly published: string; readonly data: string }): Promise<ScoredFigure[]> {
  const [file, path] = [`${shared.published}/backtrader.json`, `${shared.data}/reference/2006-day-001.txt`]
  if (!existsSync(file) || !existsSync(path)) return []
  const { strategy: published } = JSON.parse(readFileSync(file, 'utf8')) as Published
  const { futures_like: futures, stock_like: stock, start_cash: cash } = published
  const contract = future('FUT', { multiplier: Number(futures['multiplier']), tickSize: 0.01, calendar: '24x7' })
  const margin = Number(futures['margin'])
  const onFuture = await runOn(
    path,
    cash,
    contract,
    perOrderFees(Number(futures['commission_per_order'])),
    contractMargin({ FUT: { initial: margin, maintenance: margin } }),
  )
  const onShare = await runOn(path, cash, equity('SHARE', { calendar: '24x7' }), noFees(), 'unlimited')
  const { fills } = onFuture.report.record
  const executed = (sign: number): string[] =>
    [...fills.prices].filter((_, i) => fills.quantities[i] * sign > 0).map((price) => price.toFixed(2))
  const { profits } = runStatistics(onFuture.report.record).series.trades
  const held = onShare.report.record.openPositions?.[0]
  const value = onFuture.equity ?? NaN
  // Of the whole population, where ours is of a sample.
  const sqn = (Math.sqrt(profits.length) * (profits.reduce((sum, one) => sum + one, 0) / profits.length)) / standardDeviation(profits, 0)
  const row = (name: string, ours: unknown, theirs: unknown, relative = 0): ScoredFigure => ({
    source: 'backtrader',
    name,
    ours,
    published: theirs,
    relative,
  })
  return [
    row('future: final value', value.toFixed(2), futures['final_value']),
    // It takes the margin of what is held out of cash.
    row(
      'future: final cash',
      (value - margin * (onFuture.report.record.openPositions?.[0].quantity ?? 0)).toFixed(2),
      futures['final_cash'],
    ),
    row('future: SQN', sqn.toFixed(12), futures['sqn']),
    row('future: closed trades', profits.length, futures['sqn_trades']),
    row('future: return of the year', value / cash - 1, futures['year_return'], 1e-12),
    row('share: final value', onShare.equity?.toFixed(2), stock['final_value']),
    row(
      'share: final cash',
      ((onShare.equity ?? NaN) - (held === undefined ? 0 : held.quantity * held.lastPrice)).toFixed(2),
      stock['final_cash'],
    ),
    row('prices bought at', executed(1).join(' '), published.buy_exec.join(' ')),
    row('prices sold at', executed(-1).join(' '), published.sell_exec.join(' ')),
  ]
}
