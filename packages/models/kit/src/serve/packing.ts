import { TradingError } from '@gatehouse/contracts'

/** Parts with their lengths before them. */
export function packParts(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + 4 + length, 0))
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const part of parts) {
    view.setUint32(at, part.length, true)
    bytes.set(part, at + 4)
    at += 4 + part.length
  }
  return bytes
}

/** The parts again. @throws {TradingError} `MODEL_STATE_INVALID` */
export function unpackParts(bytes: Uint8Array, count: number): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const parts: Uint8Array[] = []
  let at = 0
  for (let i = 0; i < count; i++) {
    if (at + 4 > bytes.length) throw badState()
    const length = view.getUint32(at, true)
    if (at + 4 + length > bytes.length) throw badState()
    parts.push(bytes.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  if (at !== bytes.length) throw badState()
  return parts
}
export const badState = (): TradingError =>
  new TradingError('MODEL_STATE_INVALID', 'the saved state is not one of this predictor; warm up from recorded data', {})
