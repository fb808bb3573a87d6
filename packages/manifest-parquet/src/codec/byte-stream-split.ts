/** Stores values plane by plane (BYTE_STREAM_SPLIT): their high bytes, which resemble each other, lie together. */
export function encodeByteStreamSplit(bytes: Uint8Array, width: number, target: Uint8Array, to: number): void {
  const count = bytes.length / width
  for (let plane = 0; plane < width; plane++) {
    const start = to + plane * count
    for (let i = 0, at = plane; i < count; i++, at += width) target[start + i] = bytes[at]
  }
}

/** Puts back together values whose bytes were stored plane by plane (BYTE_STREAM_SPLIT). `to` is a multiple of 4. */
export function decodeByteStreamSplit(bytes: Uint8Array, from: number, count: number, width: number, target: Uint8Array, to: number): void {
  const words = new Int32Array(target.buffer, target.byteOffset + to, (count * width) >> 2)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const stride = width >> 2
  const whole = count & ~3
  for (let half = 0; half < stride; half++) {
    const first = from + half * 4 * count
    const second = first + count
    const third = second + count
    const fourth = third + count
    // Four values at a time: a word of each of four planes, turned by a quarter.
    for (let i = 0, at = half; i < whole; i += 4, at += 4 * stride) {
      const a = view.getInt32(first + i, true)
      const b = view.getInt32(second + i, true)
      const c = view.getInt32(third + i, true)
      const d = view.getInt32(fourth + i, true)
      words[at] = (a & 0xff) | ((b & 0xff) << 8) | ((c & 0xff) << 16) | (d << 24)
      words[at + stride] = ((a >>> 8) & 0xff) | (b & 0xff00) | ((c & 0xff00) << 8) | ((d & 0xff00) << 16)
      words[at + 2 * stride] = ((a >>> 16) & 0xff) | ((b >>> 8) & 0xff00) | (c & 0xff0000) | ((d & 0xff0000) << 8)
      words[at + 3 * stride] = (a >>> 24) | ((b >>> 16) & 0xff00) | ((c >>> 8) & 0xff0000) | (d & -0x1000000)
    }
    for (let i = whole; i < count; i++)
      words[i * stride + half] = bytes[first + i] | (bytes[second + i] << 8) | (bytes[third + i] << 16) | (bytes[fourth + i] << 24)
  }
}
