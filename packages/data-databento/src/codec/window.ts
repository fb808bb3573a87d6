/**
 * A buffer and its overlays. Records in it begin at multiples of 4, so that words can be read without `DataView`;
 * 64-bit integers are read as two halves or, exactly, through `view`.
 */
export interface Window {
  readonly buffer: ArrayBuffer
  readonly bytes: Uint8Array
  readonly int32: Int32Array
  readonly uint32: Uint32Array
  /** Whole 8-byte words; a record that begins at an odd 4-byte word is read through `view`. */
  readonly uint64: BigUint64Array
  readonly view: DataView
}

/** A zeroed window of at least `bytes` bytes, rounded up to a multiple of 8. */
export function createWindow(bytes: number): Window {
  return windowOver(new ArrayBuffer(Math.ceil(bytes / 8) * 8))
}

/** Overlays of an existing buffer, whose length must be a multiple of 4. */
export function windowOver(buffer: ArrayBuffer): Window {
  return {
    buffer,
    bytes: new Uint8Array(buffer),
    int32: new Int32Array(buffer),
    uint32: new Uint32Array(buffer),
    uint64: new BigUint64Array(buffer, 0, buffer.byteLength >>> 3),
    view: new DataView(buffer),
  }
}

/** True on the hosts the overlays work on; DBN is little-endian. */
export const isLittleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1
