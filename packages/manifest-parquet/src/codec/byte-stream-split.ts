/** Stores values plane by plane (BYTE_STREAM_SPLIT): their high bytes, which resemble each other, lie together. */
export function encodeByteStreamSplit(bytes: Uint8Array, width: number, target: Uint8Array, to: number): void {
  const count = bytes.length / width
  for (let plane = 0; plane < width; plane++) {
    const start = to + plane * count
    for (let i = 0, at = plane; i < count; i++, at += width) target[start + i] = bytes[at]
  }
}

/** Puts back together values whose bytes were stored plane by plane (BYTE_STREAM_SPLIT). */
export function decodeByteStreamSplit(bytes: Uint8Array, from: number, count: number, width: number, target: Uint8Array, to: number): void {
  for (let plane = 0; plane < width; plane++) {
    const source = from + plane * count
    for (let i = 0, at = to + plane; i < count; i++, at += width) target[at] = bytes[source + i]
  }
}
