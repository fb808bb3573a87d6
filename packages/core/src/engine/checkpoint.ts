import { TradingError } from '@gatehouse/contracts'
import type { Engine } from './engine.js'

/** The JSON of a checkpoint. States are base64. */
interface SavedState {
  readonly strategy: string
  readonly predictors: readonly { readonly model: string; readonly digest: string; readonly instrument: number; readonly state: string }[]
  readonly timers: readonly (readonly [string, string])[]
}

/** State of strategy, predictors and timers, as bytes that depend on it alone. */
export function saveState(engine: Engine): Uint8Array {
  const { strategy, host, timers, table } = engine
  const saved: SavedState = {
    strategy: base64(strategy.save?.() ?? new Uint8Array(0)),
    predictors: host.models.flatMap((hosted) =>
      [...hosted.open()].map(({ predictor, instruments }) => ({
        model: hosted.model.name,
        digest: hosted.model.digest,
        instrument: hosted.isUniverse ? -1 : table.indexOf(instruments[0]),
        state: base64(predictor.save()),
      })),
    ),
    timers: timers.entries().map(([name, at]) => [name, String(at)] as const),
  }
  return new TextEncoder().encode(JSON.stringify(saved))
}

/**
 * Puts strategy, predictors and timers back where a checkpoint left them.
 * @throws {TradingError} `CHECKPOINT_INVALID` when it does not fit the run
 */
export function restoreState(engine: Engine, bytes: Uint8Array): void {
  const { strategy, host, table } = engine
  let saved: SavedState
  try {
    saved = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as SavedState
  } catch (cause) {
    throw new TradingError('CHECKPOINT_INVALID', 'The checkpoint in the journal cannot be read', {}, { cause })
  }
  strategy.restore?.(fromBase64(saved.strategy))
  for (const { digest, instrument, state } of saved.predictors) {
    const hosted = host.models.find(({ model }) => model.digest === digest)
    // A model that is no longer part of the run leaves its state behind.
    if (hosted === undefined) continue
    const open = instrument < 0 ? hosted.universe : hosted.of(instrument, table.instruments[instrument])
    open?.predictor.restore(fromBase64(state))
  }
  for (const [name, at] of saved.timers) engine.timers.set(name, BigInt(at))
  engine.findNext()
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}

function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'))
}
