import { run, simulatedBroker, percentFees, type Strategy } from '@gatehouse/core'
import { lcgBars } from './lcg-bars.js'

const emaCross = (): Strategy => {
  let [fast, slow, bars] = [NaN, NaN, 0]
  let wasAbove = false
  return {
    name: 'ema-cross',
    onBar(bar, { orders }) {
      const { close } = bar
      fast = bars === 0 ? close : fast + (close - fast) * (2 / 11)
      slow = bars === 0 ? close : slow + (close - slow) * (2 / 31)
      bars++
      const isAbove = fast > slow
      if (bars > 30 && isAbove !== wasAbove) orders.target(bar.instrument, isAbove ? 1 : 0)
      wasAbove = isAbove
    },
  }
}
for (let k = 0; k < 5; k++) {
  const t = performance.now()
  const r = await run({
    time: 'backtest',
    strategy: emaCross,
    feeds: [lcgBars(1_000_000)],
    broker: simulatedBroker({ cash: 100_000, fees: percentFees(0.001) }),
  })
  const s = (performance.now() - t) / 1e3
  console.log((1 / s).toFixed(2), 'M bars/s', r.equity, r.report.record.fills.times.length, r.report.record.orders)
}
