import assert from 'node:assert/strict'
import { run, simulatedBroker } from '@gatehouse/core'
import { keepingNotifier, threeBars } from './plugin.js'

const seen = []
const result = await run({
  time: 'backtest',
  strategy: () => ({
    name: 'buy-once',
    onBar(bar, { orders }) {
      seen.push(bar.close)
      orders.target(bar.instrument, 10)
    },
  }),
  feeds: [threeBars()],
  broker: simulatedBroker({ cash: 1_000 }),
  notifier: keepingNotifier(),
})
assert.deepEqual(seen, [11, 12, 13])
assert.match(result.report.toString(), /three bars|buy-once|trade/i)
console.log('bot.mjs traded through a third-party feed')
