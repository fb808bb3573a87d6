// XXH64 (seed 0), streamed: state in linear memory, so that JavaScript never touches a 64-bit integer.
// Specification: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
// Build: npx asc wasm/xxhash64.as.ts -O3 --runtime stub --noAssert --initialMemory 6 -o x.wasm, then base64 into src/file/xxhash64-wasm.ts.
const P1: u64 = 0x9e3779b185ebca87
const P2: u64 = 0xc2b2ae3d27d4eb4f
const P3: u64 = 0x165667b19e3779f9
const P4: u64 = 0x85ebca77c2b2ae63
const P5: u64 = 0x27d4eb2f165667c5

/** Offset of the input area; below it: 32 bytes of carried input. */
const CARRY: usize = 1024
const INPUT: usize = 2048

let v1: u64 = 0
let v2: u64 = 0
let v3: u64 = 0
let v4: u64 = 0
let total: u64 = 0
let carried: u32 = 0

function rotl64(x: u64, r: u64): u64 {
  return (x << r) | (x >> (64 - r))
}
function round(acc: u64, input: u64): u64 {
  return rotl64(acc + input * P2, 31) * P1
}
function merge(acc: u64, v: u64): u64 {
  return (acc ^ round(0, v)) * P1 + P4
}

export function reset(): void {
  v1 = P1 + P2
  v2 = P2
  v3 = 0
  v4 = 0 - P1
  total = 0
  carried = 0
}

function stripes(from: usize, to: usize): void {
  let a = v1,
    b = v2,
    c = v3,
    d = v4
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

/** Takes `length` bytes at INPUT. */
export function update(length: u32): void {
  total += length
  let p = INPUT
  const end = INPUT + length
  if (carried > 0) {
    const wanted = min<u32>(32 - carried, length)
    memory.copy(CARRY + carried, p, wanted)
    carried += wanted
    p += wanted
    if (carried < 32) return
    stripes(CARRY, CARRY + 32)
    carried = 0
  }
  const whole = p + ((end - p) & ~31)
  stripes(p, whole)
  carried = <u32>(end - whole)
  memory.copy(CARRY, whole, carried)
}

/** Low 32 bits of the digest: all that zstd stores. */
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
  const end = CARRY + carried
  while (p + 8 <= end) {
    h = rotl64(h ^ round(0, load<u64>(p)), 27) * P1 + P4
    p += 8
  }
  if (p + 4 <= end) {
    h = rotl64(h ^ (<u64>load<u32>(p) * P1), 23) * P2 + P3
    p += 4
  }
  while (p < end) {
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
