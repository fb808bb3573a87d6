/** What the codec stores in a column: 4- or 8-byte numbers. */
export type NumericArray = Int32Array | BigInt64Array | Float32Array | Float64Array

/** Distinct values in order of first appearance, as 32-bit halves (`wide`: low then high), and each row's index among them. */
export interface Dictionary {
  readonly size: number
  readonly wide: boolean
  readonly halves: Int32Array<ArrayBuffer>
  readonly codes: Int32Array
}

/** Bit patterns are compared, so NaNs and negative zero survive. */
export function buildDictionary(values: NumericArray, largest: number): Dictionary | undefined {
  const wide = values.BYTES_PER_ELEMENT === 8
  const words = new Int32Array(values.buffer, values.byteOffset, values.byteLength >> 2)
  return wide ? buildWide(words, values.length, largest) : buildNarrow(words, largest)
}

/** Slots of the last build, cleared by the next: 512 KB kept instead of allocated per chunk. */
let slots = new Int32Array(1 << 12)
let codesKept = new Int32Array(0)

function codesFor(count: number): Int32Array {
  if (codesKept.length < count) codesKept = new Int32Array(count)
  return codesKept.subarray(0, count)
}

function mix(low: number, high: number): number {
  const mixed = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b)
  return mixed ^ (mixed >>> 15)
}

function buildWide(words: Int32Array, count: number, largest: number): Dictionary | undefined {
  const codes = codesFor(count)
  let capacity = 1 << 12
  let mask = capacity - 1
  if (slots.length < capacity) slots = new Int32Array(capacity)
  let table = slots.subarray(0, capacity).fill(-1)
  let keys = new Int32Array(1 << 12)
  let size = 0
  let lastLow = 0
  let lastHigh = 0
  let last = -1
  for (let i = 0; i < count; i++) {
    const low = words[2 * i]
    const high = words[2 * i + 1]
    if (last < 0 || low !== lastLow || high !== lastHigh) {
      let slot = mix(low, high) & mask
      let found = table[slot]
      while (found >= 0 && (keys[2 * found] !== low || keys[2 * found + 1] !== high)) {
        slot = (slot + 1) & mask
        found = table[slot]
      }
      if (found < 0) {
        if (size === largest) return undefined
        found = size++
        if (found * 2 >= keys.length) keys = grown(keys)
        keys[2 * found] = low
        keys[2 * found + 1] = high
        table[slot] = found
        if (size * 2 > capacity) {
          capacity *= 4
          mask = capacity - 1
          if (slots.length < capacity) slots = new Int32Array(capacity)
          table = slots.subarray(0, capacity).fill(-1)
          for (let key = 0; key < size; key++) {
            let free = mix(keys[2 * key], keys[2 * key + 1]) & mask
            while (table[free] >= 0) free = (free + 1) & mask
            table[free] = key
          }
        }
      }
      last = found
      lastLow = low
      lastHigh = high
    }
    codes[i] = last
  }
  return { size, wide: true, halves: keys.slice(0, size * 2), codes }
}

/** Integers that lie this close together are looked up by value instead of by hash. */
const directSpan = 1 << 16
const places = new Int32Array(directSpan)

function buildNarrow(words: Int32Array, largest: number): Dictionary | undefined {
  const count = words.length
  let min = words[0]
  let max = min
  for (let i = 1; i < count; i++) {
    const word = words[i]
    if (word < min) min = word
    else if (word > max) max = word
  }
  return max - min < directSpan ? buildDirect(words, min, max, largest) : buildHashed(words, largest)
}

function buildDirect(words: Int32Array, min: number, max: number, largest: number): Dictionary | undefined {
  const count = words.length
  const codes = codesFor(count)
  const table = places.subarray(0, max - min + 1).fill(-1)
  const keys = new Int32Array(table.length)
  let size = 0
  for (let i = 0; i < count; i++) {
    const word = words[i]
    let found = table[word - min]
    if (found < 0) {
      found = size++
      table[word - min] = found
      keys[found] = word
    }
    codes[i] = found
  }
  return size > largest ? undefined : { size, wide: false, halves: keys.slice(0, size), codes }
}

function buildHashed(words: Int32Array, largest: number): Dictionary | undefined {
  const count = words.length
  const codes = codesFor(count)
  let capacity = 1 << 12
  let mask = capacity - 1
  if (slots.length < capacity) slots = new Int32Array(capacity)
  let table = slots.subarray(0, capacity).fill(-1)
  let keys = new Int32Array(1 << 12)
  let size = 0
  let last = -1
  let lastWord = 0
  for (let i = 0; i < count; i++) {
    const word = words[i]
    if (last < 0 || word !== lastWord) {
      let slot = mix(word, 0) & mask
      let found = table[slot]
      while (found >= 0 && keys[found] !== word) {
        slot = (slot + 1) & mask
        found = table[slot]
      }
      if (found < 0) {
        if (size === largest) return undefined
        found = size++
        if (found >= keys.length) keys = grown(keys)
        keys[found] = word
        table[slot] = found
        if (size * 2 > capacity) {
          capacity *= 4
          mask = capacity - 1
          if (slots.length < capacity) slots = new Int32Array(capacity)
          table = slots.subarray(0, capacity).fill(-1)
          for (let key = 0; key < size; key++) {
            let free = mix(keys[key], 0) & mask
            while (table[free] >= 0) free = (free + 1) & mask
            table[free] = key
          }
        }
      }
      last = found
      lastWord = word
    }
    codes[i] = last
  }
  return { size, wide: false, halves: keys.slice(0, size), codes }
}

function grown(keys: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(keys.length * 2)
  larger.set(keys)
  return larger
}

/** Bits of an index into a dictionary of `size` entries. */
export function codeWidth(size: number): number {
  return size <= 1 ? 0 : 32 - Math.clz32(size - 1)
}
