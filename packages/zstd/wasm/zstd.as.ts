// Zstandard, one block at a time, with its XXH64 checksum (seed 0). Every length, offset and table that the input states is checked before it is used.
// Formats: RFC 8878; https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
// Build: node --import tsx packages/zstd/test/support/build-wasm.ts --write
const BLOCK: i32 = 131072
const SLACK: i32 = 64

// Memory: tables, then input, literals, and the window, which grows.
const LL_TABLE: i32 = 1024
const OF_TABLE: i32 = LL_TABLE + 512 * 4
const ML_TABLE: i32 = OF_TABLE + 256 * 4
const WEIGHT_TABLE: i32 = ML_TABLE + 512 * 4
const HUFFMAN: i32 = WEIGHT_TABLE + 64 * 4
const WEIGHTS: i32 = HUFFMAN + 2048 * 2
const NORM: i32 = WEIGHTS + 512
const STATES: i32 = NORM + 512
const CARRY: i32 = STATES + 512
export const INPUT: i32 = 16384
const LITERALS: i32 = INPUT + BLOCK + 1024
const WINDOW: i32 = LITERALS + BLOCK + 1024

// What went wrong; 0 and above are lengths.
const E_CORRUPT: i32 = -1
const E_MEMORY: i32 = -2

let windowSize: i32 = 0
let capacity: i32 = 0
let position: i32 = 0
let rep1: i32 = 1
let rep2: i32 = 4
let rep3: i32 = 8
let llLog: i32 = -1
let ofLog: i32 = -1
let mlLog: i32 = -1
let huffmanBits: i32 = 0
let literalCount: i32 = 0
/** Where reading of the header of an FSE table ended. */
let fseEnd: i32 = 0
let fseLog: i32 = 0

const llBase = memory.data<u32>([
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 22, 24, 28, 32, 40, 48, 64, 128, 256, 512, 1024, 2048, 4096, 8192,
  16384, 32768, 65536,
])
const llBits = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
])
const mlBase = memory.data<u32>([
  3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 37, 39, 41,
  43, 47, 51, 59, 67, 83, 99, 131, 259, 515, 1027, 2051, 4099, 8195, 16387, 32771, 65539,
])
const mlBits = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9,
  10, 11, 12, 13, 14, 15, 16,
])
const llDefault = memory.data<i16>([
  4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1,
])
const mlDefault = memory.data<i16>([
  1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
  -1, -1, -1, -1, -1, -1, -1,
])
const ofDefault = memory.data<i16>([1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1])

function highBit(value: u32): i32 {
  return 31 - clz(value)
}

/** Begins a frame. The window's memory is taken as it is needed. */
export function begin(size: i32): void {
  windowSize = size
  position = 0
  rep1 = 1
  rep2 = 4
  rep3 = 8
  llLog = -1
  ofLog = -1
  mlLog = -1
  huffmanBits = 0
  hashReset()
}

/** Makes room for a block behind the window; the oldest bytes go. Returns false when memory cannot be had. */
function makeRoom(): bool {
  if (position + BLOCK + SLACK <= capacity) return true
  const wanted = windowSize + max(windowSize >> 1, BLOCK * 8)
  if (capacity < wanted) {
    // Doubling, up to the window and some room to move in.
    const grown = min(max(capacity * 2, BLOCK * 8), wanted) + BLOCK + SLACK
    const pages = (WINDOW + grown + 65535) >> 16
    const missing = pages - memory.size()
    if (missing > 0 && memory.grow(missing) < 0) return false
    capacity = grown
    if (position + BLOCK + SLACK <= capacity) return true
  }
  const keep = min(windowSize, position)
  memory.copy(WINDOW, WINDOW + position - keep, keep)
  position = keep
  return true
}

/**
 * Decodes a block of `type` (0 raw, 1 RLE, 2 compressed) whose content of `length` bytes is at INPUT; for RLE `length` is what it stands for.
 * Returns how many bytes were made, which end at `end()`.
 */
export function block(type: i32, length: i32): i32 {
  if (length > BLOCK) return E_CORRUPT
  if (!makeRoom()) return E_MEMORY
  const out = WINDOW + position
  if (type == 0) {
    memory.copy(out, INPUT, length)
    position += length
    return length
  }
  if (type == 1) {
    memory.fill(out, load<u8>(INPUT), length)
    position += length
    return length
  }
  // Bit readers look a little beyond the end.
  memory.fill(INPUT + length, 0, 16)
  const at = literals(INPUT, INPUT + length)
  if (at < 0) return at
  const made = sequences(at, INPUT + length, out)
  if (made < 0) return made
  position += made
  return made
}

/** Address behind the last byte that was made. */
export function end(): i32 {
  return WINDOW + position
}

// ---- literals

function literals(from: i32, to: i32): i32 {
  if (to - from < 1) return E_CORRUPT
  const first = <i32>load<u8>(from)
  const type = first & 3
  const format = (first >> 2) & 3
  if (type < 2) {
    let size: i32
    let p: i32
    if ((format & 1) == 0) {
      size = first >> 3
      p = from + 1
    } else if (format == 1) {
      size = <i32>(load<u16>(from) >> 4)
      p = from + 2
    } else {
      size = <i32>((load<u32>(from) & 0xffffff) >> 4)
      p = from + 3
    }
    if (size > BLOCK) return E_CORRUPT
    literalCount = size
    if (type == 0) {
      if (p + size > to) return E_CORRUPT
      memory.copy(LITERALS, p, size)
      return p + size
    }
    if (p + 1 > to) return E_CORRUPT
    memory.fill(LITERALS, load<u8>(p), size)
    return p + 1
  }
  const header = load<u64>(from)
  let regenerated: i32
  let compressed: i32
  let p: i32
  if (format < 2) {
    regenerated = <i32>((header >> 4) & 0x3ff)
    compressed = <i32>((header >> 14) & 0x3ff)
    p = from + 3
  } else if (format == 2) {
    regenerated = <i32>((header >> 4) & 0x3fff)
    compressed = <i32>((header >> 18) & 0x3fff)
    p = from + 4
  } else {
    regenerated = <i32>((header >> 4) & 0x3ffff)
    compressed = <i32>((header >> 22) & 0x3ffff)
    p = from + 5
  }
  if (regenerated > BLOCK || p + compressed > to) return E_CORRUPT
  literalCount = regenerated
  const stop = p + compressed
  if (type == 2) {
    p = huffmanTable(p, stop)
    if (p < 0) return p
  } else if (huffmanBits == 0) return E_CORRUPT
  if (format == 0) {
    if (!huffmanStream(p, stop, LITERALS, regenerated)) return E_CORRUPT
    return stop
  }
  if (p + 6 > stop) return E_CORRUPT
  const s1 = <i32>load<u16>(p)
  const s2 = <i32>load<u16>(p + 2)
  const s3 = <i32>load<u16>(p + 4)
  p += 6
  const quarter = (regenerated + 3) >> 2
  if (quarter * 3 > regenerated || p + s1 + s2 + s3 > stop) return E_CORRUPT
  if (!huffmanStream(p, p + s1, LITERALS, quarter)) return E_CORRUPT
  p += s1
  if (!huffmanStream(p, p + s2, LITERALS + quarter, quarter)) return E_CORRUPT
  p += s2
  if (!huffmanStream(p, p + s3, LITERALS + quarter * 2, quarter)) return E_CORRUPT
  p += s3
  if (!huffmanStream(p, stop, LITERALS + quarter * 3, regenerated - quarter * 3)) return E_CORRUPT
  return stop
}

function huffmanTable(from: i32, to: i32): i32 {
  if (from >= to) return E_CORRUPT
  const header = <i32>load<u8>(from)
  let count = 0
  let p = from + 1
  if (header >= 128) {
    count = header - 127
    const bytes = (count + 1) >> 1
    if (p + bytes > to) return E_CORRUPT
    for (let index = 0; index < count; index++) {
      const pair = load<u8>(p + (index >> 1))
      store<u8>(WEIGHTS + index, (index & 1) == 0 ? pair >> 4 : pair & 15)
    }
    p += bytes
  } else {
    const stop = p + header
    if (header == 0 || stop > to) return E_CORRUPT
    if (!fseTable(p, stop, WEIGHT_TABLE, 6, 15)) return E_CORRUPT
    count = huffmanWeights(fseEnd, stop, fseLog)
    if (count < 0) return E_CORRUPT
    p = stop
  }
  // The last weight is what is missing to a power of two.
  let sum: u32 = 0
  for (let index = 0; index < count; index++) {
    const weight = load<u8>(WEIGHTS + index)
    if (weight > 11) return E_CORRUPT
    if (weight > 0) sum += 1 << (weight - 1)
  }
  if (sum == 0 || count > 255) return E_CORRUPT
  const bits = highBit(sum) + 1
  if (bits > 11) return E_CORRUPT
  const left: u32 = (1 << bits) - sum
  const last = highBit(left)
  if (left != <u32>(1 << last)) return E_CORRUPT
  store<u8>(WEIGHTS + count, <u8>(last + 1))
  count++
  let at = 0
  for (let weight = 1; weight <= bits; weight++) {
    const length = 1 << (weight - 1)
    const entry = <u16>((bits + 1 - weight) << 8)
    for (let symbol = 0; symbol < count; symbol++) {
      if (<i32>load<u8>(WEIGHTS + symbol) != weight) continue
      if (at + length > 2048) return E_CORRUPT
      for (let index = 0; index < length; index++) store<u16>(HUFFMAN + (at + index) * 2, entry | (<u16>symbol))
      at += length
    }
  }
  if (at != 1 << bits) return E_CORRUPT
  huffmanBits = bits
  return p
}

/** Two states take turns until the bits are used up. */
function huffmanWeights(from: i32, to: i32, log: i32): i32 {
  if (from >= to) return -1
  const final = load<u8>(to - 1)
  if (final == 0) return -1
  let bits = (to - from) * 8 - 8 + highBit(final)
  if (bits < log * 2) return -1
  bits -= log
  let one = readAt(from, bits, log)
  bits -= log
  let two = readAt(from, bits, log)
  let count = 0
  while (count < 254) {
    let entry = load<u32>(WEIGHT_TABLE + one * 4)
    store<u8>(WEIGHTS + count++, <u8>entry)
    let need = <i32>((entry >> 8) & 255)
    if (bits < need) {
      store<u8>(WEIGHTS + count++, <u8>load<u32>(WEIGHT_TABLE + two * 4))
      return count
    }
    bits -= need
    one = <i32>(entry >> 16) + readAt(from, bits, need)
    entry = load<u32>(WEIGHT_TABLE + two * 4)
    store<u8>(WEIGHTS + count++, <u8>entry)
    need = <i32>((entry >> 8) & 255)
    if (bits < need) {
      store<u8>(WEIGHTS + count++, <u8>load<u32>(WEIGHT_TABLE + one * 4))
      return count
    }
    bits -= need
    two = <i32>(entry >> 16) + readAt(from, bits, need)
  }
  return -1
}

/** `count` bits (at most 32) that begin `bit` bits behind `from`. */
function readAt(from: i32, bit: i32, count: i32): i32 {
  return <i32>((load<u64>(from + (bit >> 3)) >> (<u64>(bit & 7))) & (((<u64>1) << (<u64>count)) - 1))
}

/** Decodes exactly `count` symbols from a stream that is read backwards and must be used up. */
function huffmanStream(from: i32, to: i32, out: i32, count: i32): bool {
  if (to <= from) return false
  const final = load<u8>(to - 1)
  if (final == 0) return false
  const bits = huffmanBits
  const shift: u64 = 64 - bits
  let left = (to - from) * 8 - 8 + highBit(final)
  const stop = out + count
  // Five symbols of at most 11 bits from one load of 57.
  while (left >= 64 && out + 5 <= stop) {
    const back: u64 = 8 - (left & 7)
    let word = load<u64>(from + (left >> 3) - 7) << back
    // With left a multiple of 8 the shift above is by 8, and the byte at left itself is not looked at.
    let used = 0
    let entry = load<u16>(HUFFMAN + ((<i32>(word >> shift)) << 1))
    store<u8>(out, <u8>entry)
    word <<= <u64>(entry >> 8)
    used += <i32>(entry >> 8)
    entry = load<u16>(HUFFMAN + ((<i32>(word >> shift)) << 1))
    store<u8>(out, <u8>entry, 1)
    word <<= <u64>(entry >> 8)
    used += <i32>(entry >> 8)
    entry = load<u16>(HUFFMAN + ((<i32>(word >> shift)) << 1))
    store<u8>(out, <u8>entry, 2)
    word <<= <u64>(entry >> 8)
    used += <i32>(entry >> 8)
    entry = load<u16>(HUFFMAN + ((<i32>(word >> shift)) << 1))
    store<u8>(out, <u8>entry, 3)
    word <<= <u64>(entry >> 8)
    used += <i32>(entry >> 8)
    entry = load<u16>(HUFFMAN + ((<i32>(word >> shift)) << 1))
    store<u8>(out, <u8>entry, 4)
    used += <i32>(entry >> 8)
    left -= used
    out += 5
  }
  const mask = (1 << bits) - 1
  while (out < stop) {
    // Before the beginning of the stream there are zeros.
    const index = left >= bits ? readAt(from, left - bits, bits) : (readAt(from, 0, left) << (bits - left)) & mask
    const entry = load<u16>(HUFFMAN + index * 2)
    left -= <i32>(entry >> 8)
    if (left < 0) return false
    store<u8>(out, <u8>entry)
    out++
  }
  return left == 0
}

// ---- finite state entropy

/** Reads a table's probabilities and builds it; entries are symbol | bits << 8 | base << 16. */
function fseTable(from: i32, to: i32, table: i32, maxLog: i32, maxSymbol: i32): bool {
  const limit = (to - from) * 8
  if (limit < 8) return false
  const log = ((<i32>load<u8>(from)) & 15) + 5
  if (log > maxLog) return false
  let bit = 4
  let remaining = 1 << log
  let symbol = 0
  while (remaining > 0) {
    if (symbol > maxSymbol || bit > limit) return false
    const bits = highBit(remaining + 1) + 1
    let value = readAt(from, bit, bits)
    const lower = (1 << (bits - 1)) - 1
    const threshold = (1 << bits) - 1 - (remaining + 1)
    if ((value & lower) < threshold) {
      bit += bits - 1
      value &= lower
    } else {
      bit += bits
      if (value > lower) value -= threshold
    }
    const probability = value - 1
    remaining -= probability < 0 ? 1 : probability
    store<i16>(NORM + symbol * 2, <i16>probability)
    symbol++
    if (probability != 0) continue
    for (;;) {
      if (bit > limit) return false
      const repeat = readAt(from, bit, 2)
      bit += 2
      if (symbol + repeat > maxSymbol + 1) return false
      for (let index = 0; index < repeat; index++) store<i16>(NORM + symbol++ * 2, 0)
      if (repeat < 3) break
    }
  }
  if (remaining != 0 || bit > limit) return false
  fseEnd = from + ((bit + 7) >> 3)
  fseLog = log
  return build(NORM, symbol, table, log)
}

function build(norm: usize, symbols: i32, table: i32, log: i32): bool {
  const size = 1 << log
  let high = size - 1
  for (let symbol = 0; symbol < symbols; symbol++) {
    const probability = <i32>load<i16>(norm + symbol * 2)
    if (probability == -1) {
      store<u8>(table + high * 4, <u8>symbol)
      high--
      store<u16>(STATES + symbol * 2, 1)
    } else store<u16>(STATES + symbol * 2, <u16>probability)
  }
  const step = (size >> 1) + (size >> 3) + 3
  const mask = size - 1
  let at = 0
  for (let symbol = 0; symbol < symbols; symbol++) {
    const probability = <i32>load<i16>(norm + symbol * 2)
    for (let index = 0; index < probability; index++) {
      store<u8>(table + at * 4, <u8>symbol)
      // The probabilities sum up to the size, so a place at or below `high` is left.
      do at = (at + step) & mask
      while (at > high)
    }
  }
  if (at != 0) return false
  for (let state = 0; state < size; state++) {
    const symbol = load<u8>(table + state * 4)
    const next = <u32>load<u16>(STATES + <i32>symbol * 2)
    store<u16>(STATES + <i32>symbol * 2, <u16>(next + 1))
    const bits = log - highBit(next)
    store<u32>(table + state * 4, (<u32>symbol) | ((<u32>bits) << 8) | (((next << bits) - <u32>size) << 16))
  }
  return true
}

/** Takes over a table as a sequence section names it. Returns where the section goes on, its log in `fseLog`. */
function tableFor(
  mode: i32,
  from: i32,
  to: i32,
  table: i32,
  previous: i32,
  maxLog: i32,
  maxSymbol: i32,
  defaults: usize,
  defaultCount: i32,
  defaultLog: i32,
): i32 {
  if (mode == 0) {
    fseLog = defaultLog
    return build(defaults, defaultCount, table, defaultLog) ? from : E_CORRUPT
  }
  if (mode == 1) {
    if (from >= to || <i32>load<u8>(from) > maxSymbol) return E_CORRUPT
    store<u32>(table, load<u8>(from))
    fseLog = 0
    return from + 1
  }
  if (mode == 2) return from < to && fseTable(from, to, table, maxLog, maxSymbol) ? fseEnd : E_CORRUPT
  if (previous < 0) return E_CORRUPT
  fseLog = previous
  return from
}

// ---- sequences

function sequences(from: i32, to: i32, out: i32): i32 {
  if (from >= to) return E_CORRUPT
  const start = out
  let count = <i32>load<u8>(from)
  let p = from + 1
  if (count >= 128) {
    if (count < 255) {
      if (p + 1 > to) return E_CORRUPT
      count = ((count - 128) << 8) + <i32>load<u8>(p)
      p += 1
    } else {
      if (p + 2 > to) return E_CORRUPT
      count = <i32>load<u16>(p) + 0x7f00
      p += 2
    }
  }
  if (count == 0) {
    if (p != to) return E_CORRUPT
    memory.copy(out, LITERALS, literalCount)
    return literalCount
  }
  if (p >= to) return E_CORRUPT
  const modes = <i32>load<u8>(p)
  if ((modes & 3) != 0) return E_CORRUPT
  p = tableFor(modes >> 6, p + 1, to, LL_TABLE, llLog, 9, 35, llDefault, 36, 6)
  if (p < 0) return p
  llLog = fseLog
  p = tableFor((modes >> 4) & 3, p, to, OF_TABLE, ofLog, 8, 31, ofDefault, 29, 5)
  if (p < 0) return p
  ofLog = fseLog
  p = tableFor((modes >> 2) & 3, p, to, ML_TABLE, mlLog, 9, 52, mlDefault, 53, 6)
  if (p < 0) return p
  mlLog = fseLog
  if (p >= to) return E_CORRUPT
  const final = load<u8>(to - 1)
  if (final == 0) return E_CORRUPT
  let bits = (to - p) * 8 - 8 + highBit(final)
  bits -= llLog
  if (bits < ofLog + mlLog) return E_CORRUPT
  let llState = readAt(p, bits, llLog)
  bits -= ofLog
  let ofState = readAt(p, bits, ofLog)
  bits -= mlLog
  let mlState = readAt(p, bits, mlLog)
  let literal = LITERALS
  const literalsEnd = LITERALS + literalCount
  const limit = start + BLOCK
  // Nothing before the window may be referred to, nor before the frame.
  for (let index = 0; index < count; index++) {
    const llEntry = load<u32>(LL_TABLE + llState * 4)
    const ofEntry = load<u32>(OF_TABLE + ofState * 4)
    const mlEntry = load<u32>(ML_TABLE + mlState * 4)
    const llCode = <i32>(llEntry & 255)
    const ofCode = <i32>(ofEntry & 255)
    const mlCode = <i32>(mlEntry & 255)
    const llExtra = <i32>load<u8>(llBits + llCode)
    const mlExtra = <i32>load<u8>(mlBits + mlCode)
    bits -= ofCode
    if (bits < llExtra + mlExtra) return E_CORRUPT
    const offsetValue: u32 = ((<u32>1) << ofCode) + <u32>readAt(p, bits, ofCode)
    bits -= mlExtra
    const matchLength = <i32>load<u32>(mlBase + (mlCode << 2)) + readAt(p, bits, mlExtra)
    bits -= llExtra
    const literalLength = <i32>load<u32>(llBase + (llCode << 2)) + readAt(p, bits, llExtra)
    if (index + 1 < count) {
      const llNeed = <i32>((llEntry >> 8) & 255)
      const mlNeed = <i32>((mlEntry >> 8) & 255)
      const ofNeed = <i32>((ofEntry >> 8) & 255)
      if (bits < llNeed + mlNeed + ofNeed) return E_CORRUPT
      bits -= llNeed
      llState = <i32>(llEntry >> 16) + readAt(p, bits, llNeed)
      bits -= mlNeed
      mlState = <i32>(mlEntry >> 16) + readAt(p, bits, mlNeed)
      bits -= ofNeed
      ofState = <i32>(ofEntry >> 16) + readAt(p, bits, ofNeed)
    }
    let offset: i32
    if (offsetValue > 3) {
      if (offsetValue - 3 > <u32>windowSize) return E_CORRUPT
      offset = <i32>(offsetValue - 3)
      rep3 = rep2
      rep2 = rep1
      rep1 = offset
    } else {
      const repeat = <i32>offsetValue + (literalLength == 0 ? 1 : 0)
      if (repeat == 1) offset = rep1
      else {
        offset = repeat == 2 ? rep2 : repeat == 3 ? rep3 : rep1 - 1
        if (repeat != 2) rep3 = rep2
        rep2 = rep1
        rep1 = offset
      }
    }
    if (literalLength > literalsEnd - literal || literalLength + matchLength > limit - out) return E_CORRUPT
    copyWide(out, literal, literalLength)
    out += literalLength
    literal += literalLength
    if (offset <= 0 || offset > out - WINDOW) return E_CORRUPT
    copyMatch(out, offset, matchLength)
    out += matchLength
  }
  if (bits != 0) return E_CORRUPT
  const rest = literalsEnd - literal
  if (rest > limit - out) return E_CORRUPT
  memory.copy(out, literal, rest)
  return out + rest - start
}

/** Copies eight bytes at a time, a few beyond the end: both sides have room for it. */
function copyWide(to: i32, from: i32, length: i32): void {
  const stop = to + length
  while (to < stop) {
    store<u64>(to, load<u64>(from))
    to += 8
    from += 8
  }
}

function copyMatch(to: i32, offset: i32, length: i32): void {
  let from = to - offset
  if (offset >= 8) {
    copyWide(to, from, length)
    return
  }
  const stop = to + length
  while (to < stop) store<u8>(to++, load<u8>(from++))
}

// ---- XXH64

const P1: u64 = 0x9e3779b185ebca87
const P2: u64 = 0xc2b2ae3d27d4eb4f
const P3: u64 = 0x165667b19e3779f9
const P4: u64 = 0x85ebca77c2b2ae63
const P5: u64 = 0x27d4eb2f165667c5

let v1: u64 = 0
let v2: u64 = 0
let v3: u64 = 0
let v4: u64 = 0
let total: u64 = 0
let carried: i32 = 0

function rotl64(x: u64, r: u64): u64 {
  return (x << r) | (x >> (64 - r))
}
function round(acc: u64, input: u64): u64 {
  return rotl64(acc + input * P2, 31) * P1
}
function merge(acc: u64, v: u64): u64 {
  return (acc ^ round(0, v)) * P1 + P4
}

function hashReset(): void {
  v1 = P1 + P2
  v2 = P2
  v3 = 0
  v4 = 0 - P1
  total = 0
  carried = 0
}

function stripes(from: i32, to: i32): void {
  let a = v1
  let b = v2
  let c = v3
  let d = v4
  for (let p = from; p < to; p += 32) {
    a = round(a, load<u64>(p))
    b = round(b, load<u64>(p, 8))
    c = round(c, load<u64>(p, 16))
    d = round(d, load<u64>(p, 24))
  }
  v1 = a
  v2 = b
  v3 = c
  v4 = d
}

/** Takes the last `length` bytes that were made into the checksum. */
export function hash(length: i32): void {
  total += length
  let p = end() - length
  const stop = end()
  if (carried > 0) {
    const wanted = min(32 - carried, length)
    memory.copy(CARRY + carried, p, wanted)
    carried += wanted
    p += wanted
    if (carried < 32) return
    stripes(CARRY, CARRY + 32)
    carried = 0
  }
  const whole = p + ((stop - p) & ~31)
  stripes(p, whole)
  carried = stop - whole
  memory.copy(CARRY, whole, carried)
}

/** Low 32 bits of the checksum: all that a frame keeps. */
export function digest(): u32 {
  let h: u64
  if (total >= 32) {
    h = rotl64(v1, 1) + rotl64(v2, 7) + rotl64(v3, 12) + rotl64(v4, 18)
    h = merge(merge(merge(merge(h, v1), v2), v3), v4)
  } else {
    h = P5
  }
  h += total
  let p = CARRY
  const stop = CARRY + carried
  while (p + 8 <= stop) {
    h = rotl64(h ^ round(0, load<u64>(p)), 27) * P1 + P4
    p += 8
  }
  if (p + 4 <= stop) {
    h = rotl64(h ^ (<u64>load<u32>(p) * P1), 23) * P2 + P3
    p += 4
  }
  while (p < stop) {
    h = rotl64(h ^ (<u64>load<u8>(p) * P5), 11) * P1
    p += 1
  }
  h ^= h >> 33
  h *= P2
  h ^= h >> 29
  h *= P3
  h ^= h >> 32
  return <u32>h
}
