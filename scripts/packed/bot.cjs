const assert = require('node:assert/strict')
const { run, simulatedBroker, syntheticBars } = require('@gatehouse/core')

run({
  time: 'backtest',
  strategy: () => ({ name: 'hold', onBar: (bar, { orders }) => void orders.target(bar.instrument, 1) }),
  feeds: [syntheticBars({ symbol: 'SPY', seed: 7, bars: 200 })],
  broker: simulatedBroker({ cash: 10_000 }),
}).then((result) => {
  assert.ok(result.report.toString().length > 0)
  console.log('bot.cjs ran from CommonJS')
})
