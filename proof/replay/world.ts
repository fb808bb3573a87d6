import {
  createBatch,
  equity,
  percentFees,
  positionLimit,
  simulatedBroker,
  type Batch,
  type Feed,
  type Instrument,
  type Model,
  type OrderType,
  type Prediction,
  type RunOptions,
  type Strategy,
} from '@gatehouse/core'

/*
 * A run in which everything happens that a journal can hold: orders of five types, partial fills, cancels, refusals, answers that come later than they were
 * asked for, predictions, timers, log lines, checkpoints. Arithmetic is + - * / alone, so every runtime computes the same.
 */

export const minute = 60_000_000_000n
export const firstBar = 1_704_205_800_000_000_000n

/** A 32-bit LCG in [0, 1). */
export function uniforms(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 4294967296
  }
}

/** Minute bars of one instrument in batches of uneven lengths. */
export function walkFeed(name: string, seed: number, bars: number): Feed {
  const instrument = equity(name, { venue: 'SIM', calendar: '24x7' })
  return {
    name: `walk-${name}`,
    schemas: ['ohlcv-1m'],
    instruments: async () => [instrument],
    subscribe: () => {},
    async *batches({ from }) {
      const draw = uniforms(seed)
      const state = { price: 100 }
      for (let row = 0; row < bars;) {
        const length = Math.min(bars - row, 1 + Math.floor(draw() * 4096))
        const batch = walkBatch(instrument, draw, state, row, length)
        if (batch.availableAt[length - 1] >= from) yield batch
        row += length
      }
    },
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  }
}

function walkBatch(instrument: Instrument, draw: () => number, state: { price: number }, row: number, length: number): Batch {
  const [open, high, low, close, volume] = Array.from({ length: 5 }, () => new Float64Array(length))
  const tsEvent = new BigInt64Array(length)
  for (let i = 0; i < length; i++) {
    open[i] = state.price
    // Drawn back to 100, so that a run of any length can pay for its orders.
    close[i] = state.price += state.price * 0.004 * (draw() - 0.5) + (100 - state.price) * 0.001
    high[i] = Math.max(open[i], close[i]) * (1 + 0.001 * draw())
    low[i] = Math.min(open[i], close[i]) * (1 - 0.001 * draw())
    volume[i] = 1 + Math.floor(draw() * 40)
    tsEvent[i] = firstBar + BigInt(row + i) * minute
  }
  return createBatch({
    schema: 'ohlcv-1m',
    source: 'walk',
    instruments: [instrument],
    columns: { tsEvent, open, high, low, close, volume },
  })
}

/** A moving average, with the state it goes on from. */
export const meanModel: Model = {
  name: 'mean',
  digest: 'ab'.repeat(32),
  inputs: [{ schema: 'ohlcv-1m', source: 'walk', warmUp: 20 }],
  trigger: { every: 'ohlcv-1m' },
  // Its network is the average itself: what goes in is what comes out.
  compute: (input) => input,
  open([instrument]) {
    const state = Float64Array.of(NaN, 0)
    const values = new Float32Array(1)
    const emitted: Prediction = {
      type: 'mean',
      model: 'mean',
      digest: meanModel.digest,
      instrument,
      at: 0n,
      values,
      copy: () => ({ ...emitted, values: values.slice() }),
    }
    return {
      update(view) {
        const { close } = view as unknown as { readonly close: number }
        state[0] = state[1] === 0 ? close : state[0] + (close - state[0]) * 0.05
        state[1]++
      },
      predict(_, emit) {
        values[0] = state[0]
        emit(emitted)
      },
      get isWarm() {
        return state[1] >= 20
      },
      save: () => new Uint8Array(state.slice().buffer),
      restore: (saved) => state.set(new Float64Array(saved.slice().buffer)),
    }
  },
}

const types: readonly OrderType[] = ['market', 'limit', 'stop', 'market', 'trailingStop', 'stopLimit']

/** Trades on nearly every bar, in a way that hangs on all that it has seen. */
export function busyStrategy(): Strategy {
  // Rows, fills, last mean, draws: what it goes on from.
  const state = Float64Array.of(0, 0, NaN, 1)
  const draw = (): number => {
    state[3] = (Math.imul(state[3], 1664525) + 1013904223) >>> 0
    return state[3] / 4294967296
  }
  return {
    name: 'busy',
    onStart: ({ setTimer, now }) => setTimer('stretch', now + 97n * minute),
    onTimer({ at }, { setTimer, log }) {
      log('stretch', { rows: state[0], fills: state[1] })
      setTimer('stretch', at + 97n * minute)
    },
    onPrediction: ({ values }) => void (state[2] = values[0]),
    onFill: () => void state[1]++,
    onBar(bar, { orders, portfolio }) {
      state[0]++
      const { instrument, close } = bar
      const held = portfolio.position(instrument).quantity
      if (draw() < 0.2) orders.cancelAll(instrument)
      // Past the limit now and then: refusals belong to a journal.
      const wanted = close > state[2] ? 10 + Math.floor(draw() * 100) : -10 - Math.floor(draw() * 90)
      const type = types[Math.floor(draw() * types.length)]
      const side = wanted > held ? 'buy' : 'sell'
      if (type === 'market') {
        orders.target(instrument, wanted)
        return
      }
      if (orders.working(instrument).length > 3) return
      const better = side === 'buy' ? 0.9995 : 1.0005
      const worse = side === 'buy' ? 1.0005 : 0.9995
      orders.submit({
        instrument,
        side,
        quantity: 1 + Math.floor(draw() * 9),
        type,
        ...(type === 'limit' ? { limitPrice: close * better } : {}),
        ...(type === 'stop' || type === 'stopLimit' ? { stopPrice: close * worse } : {}),
        ...(type === 'stopLimit' ? { limitPrice: close * worse * worse } : {}),
        ...(type === 'trailingStop' ? { trailAmount: 0.05 } : {}),
        timeInForce: draw() < 0.3 ? 'day' : 'gtc',
      })
    },
    save: () => new Uint8Array(state.slice().buffer),
    restore: (saved) => state.set(new Float64Array(saved.slice().buffer)),
  }
}

/** The parts that a run and its replay share. */
export const shared = (bars: number) => ({
  strategy: busyStrategy,
  feeds: [walkFeed('AAA', 1, bars), walkFeed('BBB', 2, bars)],
  models: [meanModel],
  risk: [positionLimit(100)],
})

/** The run: two instruments, minutes, answers that take up to two minutes. */
export function recordedRun(directory: string, bars: number): RunOptions {
  return {
    ...shared(bars),
    time: 'backtest',
    range: { from: firstBar, to: firstBar + BigInt(bars + 1) * minute },
    broker: simulatedBroker({
      cash: 1_000_000,
      fees: percentFees(0.0001),
      participation: 0.5,
      margin: 'unlimited',
      latency: { orderNs: (random) => random * 60e9, responseNs: (random) => random * 60e9 },
    }),
    journal: { directory, checkpointEveryRows: 20_000 },
  }
}
