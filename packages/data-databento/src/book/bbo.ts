import { createRun, type RecordRun } from '../codec/run.js'
import { createWindow, type Window } from '../codec/window.js'
import { RType } from '../layout/enums.js'
import { layoutNamed } from '../layout/layout.js'

const STRIDE = 20
const SECOND = 1_000_000_000n

interface Sampled {
  readonly window: Window
  /** Start of the interval that the state belongs to, in whole intervals since the epoch. */
  interval: bigint
  isKnown: boolean
}

/**
 * Samples MBP-1 rows (as `MbpBuilder({ levels: 1 })` or the `mbp-1` schema gives them) into BBO records: the best bid and offer as they stood
 * at the end of each interval, and the last trade. Intervals in which an instrument did not change repeat its last state, as Databento's
 * `bbo-1s` and `bbo-1m` do.
 */
export class BboSampler {
  readonly #interval: bigint
  readonly #rtype: number
  readonly #states = new Map<number, Sampled>()

  constructor(schema: 'bbo-1s' | 'bbo-1m') {
    this.#interval = schema === 'bbo-1s' ? SECOND : 60n * SECOND
    this.#rtype = schema === 'bbo-1s' ? RType.bbo1s : RType.bbo1m
  }

  /** Applies a run of MBP-1 rows; `handle` gets a run of one record for each interval that ended. */
  apply(run: RecordRun, handle: (record: RecordRun) => void): void {
    if (run.rtype !== RType.mbp1) return
    for (let row = 0; row < run.length; row += 1) {
      const word = run.wordOffset + row * run.stride
      const interval = run.window.view.getBigUint64((word + 8) << 2, true) / this.#interval
      const state = this.#stateOf(run.uint32[word + 1], interval)
      this.#advance(state, interval, handle)
      take(state.window, run, word)
      state.isKnown = true
    }
  }

  /** Ends every interval before `tsRecv` (ns): call it when time passes without rows. */
  advanceTo(tsRecv: bigint, handle: (record: RecordRun) => void): void {
    for (const state of this.#states.values()) this.#advance(state, tsRecv / this.#interval, handle)
  }

  #stateOf(instrumentId: number, interval: bigint): Sampled {
    let state = this.#states.get(instrumentId)
    if (state === undefined) {
      state = { window: createWindow(STRIDE * 4), interval, isKnown: false }
      // No trade yet: an undefined price, size 0, no side.
      state.window.view.setBigInt64(16, 0x7fffffffffffffffn, true)
      state.window.bytes[29] = 0x4e
      this.#states.set(instrumentId, state)
    }
    return state
  }

  #advance(state: Sampled, interval: bigint, handle: (record: RecordRun) => void): void {
    for (; state.interval < interval; state.interval += 1n) {
      if (!state.isKnown) continue
      const { window } = state
      window.uint32[0] = (window.uint32[0] & 0xffff0000) | STRIDE | (this.#rtype << 8)
      window.view.setBigUint64(32, (state.interval + 1n) * this.#interval, true)
      handle(createRun(window, { rtype: this.#rtype, layout: bbo, wordOffset: 0, stride: STRIDE, length: 1, tsOutWord: -1 }))
    }
  }
}

const bbo = layoutNamed('Bbo')

/** Keeps header, flags, sequence and levels of every row; price, size, side and event time of trades only. */
function take({ uint32, bytes }: Window, run: RecordRun, word: number): void {
  uint32[0] = run.uint32[word]
  uint32[1] = run.uint32[word + 1]
  const byte = word << 2
  if (run.bytes[byte + 28] === 0x54) {
    for (const at of [2, 3, 4, 5, 6]) uint32[at] = run.uint32[word + at]
    bytes[29] = run.bytes[byte + 29]
  }
  bytes[30] = run.bytes[byte + 30]
  for (let at = 11; at < STRIDE; at += 1) uint32[at] = run.uint32[word + at]
}
