import { TradingError } from '@gatehouse/core'

/**
 * Text of a fixed field: the bytes before the first NUL, or all of them, as latin1.
 * Latin1 and not UTF-8, so that any byte survives a round trip.
 */
export function readCstr(bytes: Uint8Array, offset: number, width: number): string {
  let end = offset
  const limit = offset + width
  while (end < limit && bytes[end] !== 0) end += 1
  if (end === offset) return ''
  // Short texts (symbols) are faster by hand than through Buffer.
  if (end - offset < 24) {
    let text = ''
    for (let at = offset; at < end; at += 1) text += String.fromCharCode(bytes[at])
    return text
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset + offset, end - offset).toString('latin1')
}

/**
 * Writes a NUL-ended text into a fixed field and zeroes the rest.
 * @throws {TradingError} `DBN_VALUE_RANGE` when it does not fit with its NUL or is not latin1
 */
export function writeCstr(out: Buffer, offset: number, width: number, text: string, what: string, { nul = true } = {}): void {
  if (text.length > width - (nul ? 1 : 0)) {
    throw new TradingError('DBN_VALUE_RANGE', `${what} "${text}" has ${text.length} characters, at most ${width - (nul ? 1 : 0)} fit`, {
      what,
      width,
    })
  }
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) > 0xff)
      throw new TradingError('DBN_VALUE_RANGE', `${what} "${text}" has a character outside latin1`, { what, index })
  }
  out.fill(0, offset, offset + width)
  out.write(text, offset, 'latin1')
}
