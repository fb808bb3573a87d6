// The smallest bot: two moving averages on synthetic hourly bars, a simulated broker, a tear sheet.
import { perInstrument, run, simulatedBroker, syntheticBars, type Strategy } from '@gatehouse/core'
import { EMA } from 'trading-signals'

const emaCross = (): Strategy => {
  const averages = perInstrument(() => ({ fast: new EMA(10), slow: new EMA(30) }))
  return {
    name: 'ema-cross',
    onBar(bar, { orders }) {
      const { fast, slow } = averages(bar.instrument)
      const [f, s] = [fast.add(bar.close), slow.add(bar.close)]
      if (slow.isStable && f !== null && s !== null) orders.target(bar.instrument, f > s ? 100 : 0)
    },
  }
}

const result = await run({
  time: 'backtest',
  strategy: emaCross,
  feeds: [syntheticBars({ symbol: 'SPY', seed: 7 })],
  broker: simulatedBroker({ cash: 1_000_000 }),
})
console.log(result.report.toString())
await result.report.writeHtml('tear-sheet.html')
