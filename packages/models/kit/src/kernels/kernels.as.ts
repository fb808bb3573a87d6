// The numeric core of training and serving, as AssemblyScript: f32 SIMD loops, f64 for losses.
//
// Compiled by scripts/build-kernels.ts into kernel-bytes.ts; CI rebuilds and compares the SHA-256. src/kernels/js-kernels.ts has the same functions in plain
// TypeScript, and the tests hold the two against each other. The module owns no memory: every pointer (bytes) and every scratch area comes from the host, so
// nothing is allocated here and the result depends on the arguments alone. exp and log are compiled in (never the host's Math), which is what makes weights
// bit-identical across Node versions.
//
// Layouts are row-major. Activations: 0 linear, 1 relu, 2 sigmoid, 3 tanh. The optimiser does little with index arithmetic, hence the pointer bumps. What is
// marked `inline` (the build makes it a decorator, which prettier cannot parse) would otherwise be called wherever it is used more than once, and a call
// spills every vector register.

/* inline */ function ld(p: usize): v128 {
  return v128.load(p)
}
/* inline */ function st(p: usize, x: v128): void {
  v128.store(p, x)
}
/* inline */ function mac(a: v128, b: v128, c: v128): v128 {
  return f32x4.add(f32x4.mul(a, b), c)
}
/* inline */ function hsum(s: v128): f32 {
  return f32x4.extract_lane(s, 0) + f32x4.extract_lane(s, 1) + f32x4.extract_lane(s, 2) + f32x4.extract_lane(s, 3)
}
/* inline */ function relu(x: v128): v128 {
  return f32x4.pmax(f32x4.splat(0), x)
}

// Numbers of the exponential function: bounds of the power, the shift that rounds, a polynomial (minimax, 7.5e-8 of 2^f for f in [-1/2, 1/2]), 1, 2, and -1, -2 and 1
// over ln 2. Read from memory where they are used: a constant costs three instructions, two of them on the one port that shuffles.
// prettier-ignore
const numbers = memory.data<f32>([
  -125, 126, 12583039, 1.3276472454890609e-3, 9.675540961325169e-3, 5.550713092088699e-2, 0.24022120237350464, 0.6931469440460205, 1, 2,
  -1.4426950408889634, -2.8853900817779268, 1.4426950408889634,
])
/* inline */ function number(i: usize): v128 {
  return v128.load32_splat(numbers + (i << 2))
}
// 2^y, four lanes; relative error 2.4e-7. pmin and pmax are one instruction where min and max are seven, and with y first they keep NaN as well. Adding
// 1.5 * 2^23 + 127 rounds to the nearest whole number and leaves it in the low bits as the exponent of a float.
/* inline */ function power(y: v128): v128 {
  y = f32x4.pmin(f32x4.pmax(y, number(0)), number(1))
  const shift = number(2)
  const whole = f32x4.add(y, shift)
  const f = f32x4.sub(y, f32x4.sub(whole, shift))
  let p = mac(number(3), f, number(4))
  p = mac(p, f, number(5))
  p = mac(p, f, number(6))
  p = mac(p, f, number(7))
  p = mac(p, f, number(8))
  return f32x4.mul(p, i32x4.shl(whole, 23))
}
/* inline */ function vsigmoid(x: v128): v128 {
  return f32x4.div(number(8), f32x4.add(number(8), power(f32x4.mul(x, number(10)))))
}
/* inline */ function vtanh(x: v128): v128 {
  return f32x4.sub(f32x4.div(number(9), f32x4.add(number(8), power(f32x4.mul(x, number(11))))), number(8))
}
/* inline */ function vactivate(x: v128, activation: i32): v128 {
  if (activation == 1) return relu(x)
  if (activation == 2) return vsigmoid(x)
  return vtanh(x)
}
/* inline */ function vslope(y: v128, g: v128, activation: i32): v128 {
  if (activation == 1) return v128.and(g, f32x4.gt(y, f32x4.splat(0)))
  const one = f32x4.splat(1)
  if (activation == 2) return f32x4.mul(g, f32x4.mul(y, f32x4.sub(one, y)))
  return f32x4.mul(g, f32x4.sub(one, f32x4.mul(y, y)))
}

/** Applies an activation in place. */
export function activate(n: i32, p: usize, activation: i32): void {
  if (activation == 0) return
  const end = p + ((<usize>n) << 2)
  for (; p + 16 <= end; p += 16) st(p, vactivate(ld(p), activation))
  for (; p < end; p += 4) store<f32>(p, f32x4.extract_lane(vactivate(v128.load32_splat(p), activation), 0))
}
/** Multiplies a gradient in place by the activation's slope, taken from its output. */
export function activateBackward(n: i32, y: usize, g: usize, activation: i32): void {
  if (activation == 0) return
  const end = g + ((<usize>n) << 2)
  for (; g + 16 <= end; g += 16) {
    st(g, vslope(ld(y), ld(g), activation))
    y += 16
  }
  for (; g < end; g += 4) {
    store<f32>(g, f32x4.extract_lane(vslope(v128.load32_splat(y), v128.load32_splat(g), activation), 0))
    y += 4
  }
}

function fill(p: usize, n: usize): void {
  memory.fill(p, 0, n)
}
/** target = source, which do not overlap: a call into the module, where `copyWithin` of a view is ten times that. */
export function copy(n: i32, source: usize, target: usize): void {
  const end = source + ((<usize>n) << 2)
  for (; source + 16 <= end; source += 16) {
    st(target, ld(source))
    target += 16
  }
  for (; source < end; source += 4) {
    store<f32>(target, load<f32>(source))
    target += 4
  }
}
/** target += source */
export function add(n: i32, source: usize, target: usize): void {
  const end = source + ((<usize>n) << 2)
  for (; source + 16 <= end; source += 16) {
    st(target, f32x4.add(ld(source), ld(target)))
    target += 16
  }
  for (; source < end; source += 4) {
    store<f32>(target, load<f32>(source) + load<f32>(target))
    target += 4
  }
}
export function scale(n: i32, p: usize, factor: f32): void {
  const end = p + ((<usize>n) << 2)
  const f = f32x4.splat(factor)
  for (; p + 16 <= end; p += 16) st(p, f32x4.mul(ld(p), f))
  for (; p < end; p += 4) store<f32>(p, load<f32>(p) * factor)
}
export function sumSquares(n: i32, p: usize): f64 {
  let sum: f64 = 0
  const end = p + ((<usize>n) << 2)
  for (; p < end; p += 4) {
    const x = <f64>load<f32>(p)
    sum += x * x
  }
  return sum
}

function bounded(x: v128, center: v128, scale: v128, lower: v128, upper: v128): v128 {
  // What is missing (NaN) passes both bounds and is masked to zero.
  const z = f64x2.pmin(f64x2.pmax(f64x2.div(f64x2.sub(f64x2.promote_low_f32x4(x), center), scale), lower), upper)
  return f32x4.demote_f64x2_zero(v128.and(z, f64x2.eq(z, z)))
}
/** Rows in place: (x - center) / scale within bounds, missing as zero; center and scale are f64, one a feature, and so is the arithmetic. */
export function normalise(rows: i32, features: i32, X: usize, center: usize, scale: usize, lower: f64, upper: f64): void {
  const low = f64x2.splat(lower)
  const high = f64x2.splat(upper)
  for (; rows > 0; rows--) {
    let c = center
    let s = scale
    let k = features
    for (; k > 1; k -= 2) {
      v128.store64_lane(X, bounded(v128.load64_zero(X), ld(c), ld(s), low, high), 0)
      X += 8
      c += 16
      s += 16
    }
    if (k) {
      v128.store32_lane(X, bounded(v128.load32_zero(X), v128.load64_splat(c), v128.load64_splat(s), low, high), 0)
      X += 4
    }
  }
}
/** Missing as zero, in place. */
export function clean(n: i32, X: usize): void {
  const end = X + ((<usize>n) << 2)
  for (; X + 16 <= end; X += 16) st(X, v128.and(ld(X), f32x4.eq(ld(X), ld(X))))
  for (; X < end; X += 4) if (load<f32>(X) != load<f32>(X)) store<f32>(X, 0)
}

/**
 * C[M,N] = act(I + A B), linear or relu (`relued`), A as `taps` blocks of K columns: A(i, tap, k) at A + i*ai + tap*at + k*ak; B [taps*K, N] and C row-major. I has
 * its own stride (0 for a bias, ldc for C itself) and may be 0 for none. Sums start from I and go through k in order whatever the block, so that a row's bits
 * do not depend on the rows beside it.
 */
function product(
  M: i32,
  N: i32,
  K: i32,
  A: usize,
  ai: usize,
  ak: usize,
  B: usize,
  ldb: usize,
  C: usize,
  ldc: usize,
  I: usize,
  li: usize,
  relued: i32,
  taps: i32,
  at: usize,
): void {
  const Z = f32x4.splat(0)
  const ai2 = ai << 1
  const ai3 = ai2 + ai
  const jump = at - <usize>K * ak
  let i = 0
  for (; i + 4 <= M; i += 4) {
    const a0 = A + <usize>i * ai
    const r0 = C + <usize>i * ldc
    const i0 = I + <usize>i * li
    let j = 0
    for (; j + 8 <= N; j += 8) {
      let p = r0 + ((<usize>j) << 2)
      let c0 = Z
      let c1 = Z
      let c2 = Z
      let c3 = Z
      let c4 = Z
      let c5 = Z
      let c6 = Z
      let c7 = Z
      if (I) {
        let q = i0 + ((<usize>j) << 2)
        c0 = ld(q)
        c1 = v128.load(q, 16)
        q += li
        c2 = ld(q)
        c3 = v128.load(q, 16)
        q += li
        c4 = ld(q)
        c5 = v128.load(q, 16)
        q += li
        c6 = ld(q)
        c7 = v128.load(q, 16)
      }
      let a = a0
      let b = B + ((<usize>j) << 2)
      for (let tap = taps; tap > 0; tap--) {
        for (let k = K; k > 0; k--) {
          const b0 = ld(b)
          const b1 = v128.load(b, 16)
          let x = v128.load32_splat(a)
          c0 = mac(x, b0, c0)
          c1 = mac(x, b1, c1)
          x = v128.load32_splat(a + ai)
          c2 = mac(x, b0, c2)
          c3 = mac(x, b1, c3)
          x = v128.load32_splat(a + ai2)
          c4 = mac(x, b0, c4)
          c5 = mac(x, b1, c5)
          x = v128.load32_splat(a + ai3)
          c6 = mac(x, b0, c6)
          c7 = mac(x, b1, c7)
          a += ak
          b += ldb
        }
        a += jump
      }
      if (relued) {
        c0 = relu(c0)
        c1 = relu(c1)
        c2 = relu(c2)
        c3 = relu(c3)
        c4 = relu(c4)
        c5 = relu(c5)
        c6 = relu(c6)
        c7 = relu(c7)
      }
      st(p, c0)
      v128.store(p, c1, 16)
      p += ldc
      st(p, c2)
      v128.store(p, c3, 16)
      p += ldc
      st(p, c4)
      v128.store(p, c5, 16)
      p += ldc
      st(p, c6)
      v128.store(p, c7, 16)
    }
    for (; j < N;) {
      const p = r0 + ((<usize>j) << 2)
      const b = B + ((<usize>j) << 2)
      const q = I ? i0 + ((<usize>j) << 2) : 0
      if (j + 4 <= N) {
        fourByFour(K, a0, ai, ak, b, ldb, p, ldc, q, li, relued, taps, jump)
        j += 4
      } else {
        fourByOne(K, a0, ai, ak, b, ldb, p, ldc, q, li, relued, taps, jump)
        j++
      }
    }
  }
  for (; i < M; i++) {
    const a0 = A + <usize>i * ai
    const r0 = C + <usize>i * ldc
    const i0 = I + <usize>i * li
    let j = 0
    for (; N - j >= 24 && N - j != 32; j += 24) {
      const c = r0 + ((<usize>j) << 2)
      const q = i0 + ((<usize>j) << 2)
      let c0 = Z
      let c1 = Z
      let c2 = Z
      let c3 = Z
      let c4 = Z
      let c5 = Z
      if (I) {
        c0 = ld(q)
        c1 = v128.load(q, 16)
        c2 = v128.load(q, 32)
        c3 = v128.load(q, 48)
        c4 = v128.load(q, 64)
        c5 = v128.load(q, 80)
      }
      let a = a0
      let b = B + ((<usize>j) << 2)
      for (let tap = taps; tap > 0; tap--) {
        for (let k = K; k > 0; k--) {
          const x = v128.load32_splat(a)
          c0 = mac(x, ld(b), c0)
          c1 = mac(x, v128.load(b, 16), c1)
          c2 = mac(x, v128.load(b, 32), c2)
          c3 = mac(x, v128.load(b, 48), c3)
          c4 = mac(x, v128.load(b, 64), c4)
          c5 = mac(x, v128.load(b, 80), c5)
          a += ak
          b += ldb
        }
        a += jump
      }
      if (relued) {
        c0 = relu(c0)
        c1 = relu(c1)
        c2 = relu(c2)
        c3 = relu(c3)
        c4 = relu(c4)
        c5 = relu(c5)
      }
      st(c, c0)
      v128.store(c, c1, 16)
      v128.store(c, c2, 32)
      v128.store(c, c3, 48)
      v128.store(c, c4, 64)
      v128.store(c, c5, 80)
    }
    for (; j + 16 <= N; j += 16) {
      const c = r0 + ((<usize>j) << 2)
      const q = i0 + ((<usize>j) << 2)
      let c0 = Z
      let c1 = Z
      let c2 = Z
      let c3 = Z
      if (I) {
        c0 = ld(q)
        c1 = v128.load(q, 16)
        c2 = v128.load(q, 32)
        c3 = v128.load(q, 48)
      }
      let a = a0
      let b = B + ((<usize>j) << 2)
      for (let tap = taps; tap > 0; tap--) {
        let k = K
        for (; k > 1; k -= 2) {
          let x = v128.load32_splat(a)
          c0 = mac(x, ld(b), c0)
          c1 = mac(x, v128.load(b, 16), c1)
          c2 = mac(x, v128.load(b, 32), c2)
          c3 = mac(x, v128.load(b, 48), c3)
          a += ak
          b += ldb
          x = v128.load32_splat(a)
          c0 = mac(x, ld(b), c0)
          c1 = mac(x, v128.load(b, 16), c1)
          c2 = mac(x, v128.load(b, 32), c2)
          c3 = mac(x, v128.load(b, 48), c3)
          a += ak
          b += ldb
        }
        if (k) {
          const x = v128.load32_splat(a)
          c0 = mac(x, ld(b), c0)
          c1 = mac(x, v128.load(b, 16), c1)
          c2 = mac(x, v128.load(b, 32), c2)
          c3 = mac(x, v128.load(b, 48), c3)
          a += ak
          b += ldb
        }
        a += jump
      }
      if (relued) {
        c0 = relu(c0)
        c1 = relu(c1)
        c2 = relu(c2)
        c3 = relu(c3)
      }
      st(c, c0)
      v128.store(c, c1, 16)
      v128.store(c, c2, 32)
      v128.store(c, c3, 48)
    }
    for (; j + 4 <= N; j += 4) {
      let c0 = I ? ld(i0 + ((<usize>j) << 2)) : Z
      let a = a0
      let b = B + ((<usize>j) << 2)
      for (let tap = taps; tap > 0; tap--) {
        for (let k = K; k > 0; k--) {
          c0 = mac(v128.load32_splat(a), ld(b), c0)
          a += ak
          b += ldb
        }
        a += jump
      }
      st(r0 + ((<usize>j) << 2), relued ? relu(c0) : c0)
    }
    for (; j < N; j++) {
      const q = (<usize>j) << 2
      single(K, a0, ak, B + q, ldb, r0 + q, I ? i0 + q : 0, relued, taps, jump)
    }
  }
}
function fourByFour(
  K: i32,
  a: usize,
  ai: usize,
  ak: usize,
  b: usize,
  ldb: usize,
  p: usize,
  ldc: usize,
  I: usize,
  li: usize,
  relued: i32,
  taps: i32,
  jump: usize,
): void {
  const ai2 = ai << 1
  const ai3 = ai2 + ai
  let c0 = f32x4.splat(0)
  let c1 = c0
  let c2 = c0
  let c3 = c0
  if (I) {
    c0 = ld(I)
    c1 = ld(I + li)
    c2 = ld(I + (li << 1))
    c3 = ld(I + li + (li << 1))
  }
  for (; taps > 0; taps--) {
    for (let k = K; k > 0; k--) {
      const b0 = ld(b)
      c0 = mac(v128.load32_splat(a), b0, c0)
      c1 = mac(v128.load32_splat(a + ai), b0, c1)
      c2 = mac(v128.load32_splat(a + ai2), b0, c2)
      c3 = mac(v128.load32_splat(a + ai3), b0, c3)
      a += ak
      b += ldb
    }
    a += jump
  }
  st(p, relued ? relu(c0) : c0)
  st(p + ldc, relued ? relu(c1) : c1)
  st(p + (ldc << 1), relued ? relu(c2) : c2)
  st(p + ldc + (ldc << 1), relued ? relu(c3) : c3)
}
/* inline */ function fourLanes(p: usize, stride: usize): v128 {
  let x = v128.load32_zero(p)
  x = v128.load32_lane(p + stride, x, 1)
  x = v128.load32_lane(p + (stride << 1), x, 2)
  return v128.load32_lane(p + stride + (stride << 1), x, 3)
}
// A lane is a row: the sums are those of `single`, four at once.
function fourByOne(
  K: i32,
  a: usize,
  ai: usize,
  ak: usize,
  b: usize,
  ldb: usize,
  p: usize,
  ldc: usize,
  I: usize,
  li: usize,
  relued: i32,
  taps: i32,
  jump: usize,
): void {
  let c = I ? fourLanes(I, li) : f32x4.splat(0)
  for (; taps > 0; taps--) {
    let k = K
    if (ai == 4)
      for (; k > 0; k--) {
        c = mac(ld(a), v128.load32_splat(b), c)
        a += ak
        b += ldb
      }
    else if (ak == 4)
      for (; k > 3; k -= 4) {
        const r0 = ld(a)
        const r1 = ld(a + ai)
        const r2 = ld(a + (ai << 1))
        const r3 = ld(a + ai + (ai << 1))
        const x = f32x4.shuffle(r0, r1, 0, 4, 1, 5)
        const y = f32x4.shuffle(r2, r3, 0, 4, 1, 5)
        const z = f32x4.shuffle(r0, r1, 2, 6, 3, 7)
        const w = f32x4.shuffle(r2, r3, 2, 6, 3, 7)
        c = mac(f32x4.shuffle(x, y, 0, 1, 4, 5), v128.load32_splat(b), c)
        b += ldb
        c = mac(f32x4.shuffle(x, y, 2, 3, 6, 7), v128.load32_splat(b), c)
        b += ldb
        c = mac(f32x4.shuffle(z, w, 0, 1, 4, 5), v128.load32_splat(b), c)
        b += ldb
        c = mac(f32x4.shuffle(z, w, 2, 3, 6, 7), v128.load32_splat(b), c)
        b += ldb
        a += 16
      }
    for (; k > 0; k--) {
      c = mac(fourLanes(a, ai), v128.load32_splat(b), c)
      a += ak
      b += ldb
    }
    a += jump
  }
  if (relued) c = relu(c)
  v128.store32_lane(p, c, 0)
  v128.store32_lane(p + ldc, c, 1)
  v128.store32_lane(p + (ldc << 1), c, 2)
  v128.store32_lane(p + ldc + (ldc << 1), c, 3)
}
function single(K: i32, a: usize, ak: usize, b: usize, ldb: usize, p: usize, I: usize, relued: i32, taps: i32, jump: usize): void {
  let s: f32 = I ? load<f32>(I) : 0
  for (; taps > 0; taps--) {
    for (let k = K; k > 0; k--) {
      s += load<f32>(a) * load<f32>(b)
      a += ak
      b += ldb
    }
    a += jump
  }
  store<f32>(p, relued ? (s > 0 ? s : 0) : s)
}
/** C[M,N] (+)= A B. A(i,k) at A + i*ai + k*ak; B and C row-major with strides ldb, ldc; every stride in bytes. */
export function gemm(
  M: i32,
  N: i32,
  K: i32,
  A: usize,
  ai: usize,
  ak: usize,
  B: usize,
  ldb: usize,
  C: usize,
  ldc: usize,
  accumulate: i32,
): void {
  product(M, N, K, A, ai, ak, B, ldb, C, ldc, accumulate ? C : 0, ldc, 0, 1, 0)
}

/** out[C,R] = A[R,C] transposed. */
export function transpose(R: i32, C: i32, A: usize, out: usize): void {
  const s = (<usize>R) << 2
  for (let i = 0; i < R; i++) {
    let q = out + ((<usize>i) << 2)
    for (let j = 0; j < C; j++) {
      store<f32>(q, load<f32>(A))
      A += 4
      q += s
    }
  }
}
/** out[B,A,N] = X[A,B,N] with the two outer axes exchanged. */
export function swapOuter(A: i32, B: i32, N: i32, X: usize, out: usize): void {
  const row = (<usize>N) << 2
  for (let a = 0; a < A; a++)
    for (let b = 0; b < B; b++) {
      memory.copy(out + <usize>(b * A + a) * row, X, row)
      X += row
    }
}

function columnSums(rows: i32, s4: usize, G: usize, sums: usize): void {
  const end = G + <usize>rows * s4
  for (let g = G; g < end; g += s4) {
    let j: usize = 0
    for (; j + 16 <= s4; j += 16) st(sums + j, f32x4.add(ld(sums + j), ld(g + j)))
    for (; j < s4; j += 4) store<f32>(sums + j, load<f32>(sums + j) + load<f32>(g + j))
  }
}

/** Y[M,N] = act(X[M,K] W[K,N] + b[N]); b may be 0 for none. */
export function dense(M: i32, K: i32, N: i32, X: usize, W: usize, b: usize, Y: usize, activation: i32): void {
  const s4 = (<usize>N) << 2
  product(M, N, K, X, (<usize>K) << 2, 4, W, s4, Y, s4, b, 0, activation == 1 ? 1 : 0, 1, 0)
  if (activation > 1) activate(M * N, Y, activation)
}
/** Gradients of `dense`; dY is overwritten by the slope. dX, db may be 0 for none. Scratch: K*N floats. */
export function denseBackward(
  M: i32,
  K: i32,
  N: i32,
  X: usize,
  W: usize,
  Y: usize,
  dY: usize,
  dX: usize,
  dW: usize,
  db: usize,
  activation: i32,
  scratch: usize,
): void {
  const sN = (<usize>N) << 2
  const sK = (<usize>K) << 2
  activateBackward(M * N, Y, dY, activation)
  if (db) {
    fill(db, sN)
    columnSums(M, sN, dY, db)
  }
  gemm(K, N, M, X, 4, sK, dY, sN, dW, sN, 0)
  if (dX) {
    transpose(K, N, W, scratch)
    gemm(M, K, N, dY, sN, 4, scratch, sK, dX, sK, 0)
  }
}

// What these take in the first-level cache is a fraction of it.
const pairsAtOnce: i32 = 16
/**
 * A window's convolution of three taps by pairs of outputs a dilation apart (Winograd's F(2,3); Lavin and Gray 2016, arXiv:1509.09308): four products where the taps
 * make six. y(t) = m1 + m2 + m3 and y(t + d) = m2 - m3 + m4, with m1 = (x0 - x2) w0, m2 = (x1 + x2) (w0 + w1 + w2) / 2, m3 = (x2 - x1) (w0 - w1 + w2) / 2,
 * m4 = (x3 - x1) w2 and x0 to x3 the rows from t - 2d to t + d. Mixed holds the two mixed taps, `room` 16 pairs of four rows of C and of O.
 */
function convPairs(
  T: i32,
  C: i32,
  O: i32,
  dilation: i32,
  x: usize,
  W: usize,
  mixed: usize,
  b: usize,
  y: usize,
  relued: i32,
  room: usize,
): void {
  const sC = (<usize>C) << 2
  const sO = (<usize>O) << 2
  const tap = <usize>C * sO
  const back = <usize>dilation * sC
  const V = <usize>pairsAtOnce * sC
  const N = <usize>pairsAtOnce * sO
  const m = room + (V << 2)
  const none = m + (N << 2)
  let t = 0
  let phase = 0
  while (t < T) {
    let v = room
    let count = 0
    const from = t
    const fromPhase = phase
    for (; count < pairsAtOnce && t < T; count++) {
      const x2 = x + <usize>t * sC
      const x1 = t >= dilation ? x2 - back : none
      const x0 = t >= dilation << 1 ? x1 - back : none
      const x3 = t + dilation < T ? x2 + back : none
      for (let j: usize = 0; j < sC; j += 16) {
        const r1 = ld(x1 + j)
        const r2 = ld(x2 + j)
        st(v, f32x4.sub(ld(x0 + j), r2))
        st(v + V, f32x4.add(r1, r2))
        st(v + (V << 1), f32x4.sub(r2, r1))
        st(v + V + (V << 1), f32x4.sub(ld(x3 + j), r1))
        v += 16
      }
      t++
      if (++phase == dilation) {
        t += dilation
        phase = 0
      }
    }
    // Whole blocks of four rows: what is too much is never read.
    const rows = (count + 3) & ~3
    product(rows, O, C, room, sC, 4, W, sO, m, sO, 0, 0, 0, 1, 0)
    product(rows, O, C, room + V, sC, 4, mixed, sO, m + N, sO, 0, 0, 0, 1, 0)
    product(rows, O, C, room + (V << 1), sC, 4, mixed + tap, sO, m + (N << 1), sO, 0, 0, 0, 1, 0)
    product(rows, O, C, room + V + (V << 1), sC, 4, W + (tap << 1), sO, m + N + (N << 1), sO, 0, 0, 0, 1, 0)
    let q = m
    let s = from
    let p = fromPhase
    for (; count > 0; count--) {
      const y0 = y + <usize>s * sO
      const y1 = s + dilation < T ? y0 + <usize>dilation * sO : none
      for (let j: usize = 0; j < sO; j += 16) {
        const m2 = ld(q + N)
        const m3 = ld(q + (N << 1))
        const bias = ld(b + j)
        let z0 = f32x4.add(bias, f32x4.add(f32x4.add(ld(q), m2), m3))
        let z1 = f32x4.add(bias, f32x4.add(f32x4.sub(m2, m3), ld(q + N + (N << 1))))
        if (relued) {
          z0 = relu(z0)
          z1 = relu(z1)
        }
        st(y0 + j, z0)
        if (y1 != none) st(y1 + j, z1)
        q += 16
      }
      s++
      if (++p == dilation) {
        s += dilation
        p = 0
      }
    }
  }
}
/** Floats that `conv` wants to do three taps by pairs; without them, or for few channels, it does them one by one. */
export function convScratch(C: i32, O: i32, K: i32): i32 {
  if (K != 3 || C < 16 || O < 16 || (C | O) & 3) return 0
  return 2 * C * O + pairsAtOnce * 4 * (C + O) + (C > O ? C : O)
}
function mixTaps(n: i32, W: usize, mixed: usize): void {
  const half = f32x4.splat(0.5)
  const tap = (<usize>n) << 2
  for (const end = W + tap; W < end; W += 16) {
    const middle = f32x4.mul(ld(W + tap), half)
    const ends = f32x4.mul(f32x4.add(ld(W), ld(W + (tap << 1))), half)
    st(mixed, f32x4.add(ends, middle))
    st(mixed + tap, f32x4.sub(ends, middle))
    mixed += 16
  }
}

/**
 * Causal dilated convolution, zero-padded on the left: X[B,T,C], W[K,C,O], b[O] -> Y[B,T,O]. Tap K-1 is the present step. Scratch: `convScratch` floats, or 0.
 */
export function conv(
  B: i32,
  T: i32,
  C: i32,
  O: i32,
  K: i32,
  dilation: i32,
  X: usize,
  W: usize,
  b: usize,
  Y: usize,
  activation: i32,
  scratch: usize,
): void {
  const sC = (<usize>C) << 2
  const sO = (<usize>O) << 2
  const relued = activation == 1 ? 1 : 0
  const step = <usize>dilation * sC
  const byPairs = scratch != 0 && convScratch(C, O, K) > 0
  const room = scratch + 2 * <usize>C * sO
  if (byPairs) {
    mixTaps(C * O, W, scratch)
    fill(room + <usize>(pairsAtOnce * 4) * (sC + sO), sC)
  }
  for (let n = 0; n < B; n++) {
    const y = Y + <usize>n * <usize>T * sO
    const x = X + <usize>n * <usize>T * sC
    if (byPairs) {
      convPairs(T, C, O, dilation, x, W, scratch, b, y, relued, room)
      if (activation > 1) activate(T * O, y, activation)
      continue
    }
    // Rows see as many taps as lie in the window: the last one alone, then two, then all.
    let from = 0
    for (let taps = 1; taps <= K && from < T; taps++) {
      const to = taps < K && from + dilation < T ? from + dilation : T
      const first = K - taps
      product(
        to - from,
        O,
        C,
        x + <usize>(from - (taps - 1) * dilation) * sC,
        sC,
        4,
        W + <usize>first * <usize>C * sO,
        sO,
        y + <usize>from * sO,
        sO,
        b,
        0,
        relued,
        taps,
        step,
      )
      from = to
    }
    if (activation > 1) activate(T * O, y, activation)
  }
}
/** Gradients of `conv`; dY is overwritten by the slope. dX may be 0. Scratch: K*C*O floats. */
export function convBackward(
  B: i32,
  T: i32,
  C: i32,
  O: i32,
  K: i32,
  dilation: i32,
  X: usize,
  W: usize,
  Y: usize,
  dY: usize,
  dX: usize,
  dW: usize,
  db: usize,
  activation: i32,
  scratch: usize,
): void {
  const sC = (<usize>C) << 2
  const sO = (<usize>O) << 2
  const tap = <usize>C * sO
  activateBackward(B * T * O, Y, dY, activation)
  fill(dW, <usize>K * tap)
  fill(db, sO)
  columnSums(B * T, sO, dY, db)
  if (dX) {
    for (let k = 0; k < K; k++) transpose(C, O, W + <usize>k * tap, scratch + <usize>k * tap)
    fill(dX, <usize>B * <usize>T * sC)
  }
  for (let n = 0; n < B; n++) {
    const x = X + <usize>n * <usize>T * sC
    const g = dY + <usize>n * <usize>T * sO
    for (let k = 0; k < K; k++) {
      const shift = (K - 1 - k) * dilation
      if (shift >= T) continue
      const gs = g + <usize>shift * sO
      gemm(C, O, T - shift, x, 4, sC, gs, sO, dW + <usize>k * tap, sO, 1)
      if (dX) gemm(T - shift, C, O, gs, sO, 4, scratch + <usize>k * tap, sC, dX + <usize>n * <usize>T * sC, sC, 1)
    }
  }
}
/** One new step of a causal convolution over a ring of `length` past inputs [length,C]; the newest input is in slot `slot`. */
export function convStep(
  C: i32,
  O: i32,
  K: i32,
  dilation: i32,
  ring: usize,
  length: i32,
  slot: i32,
  W: usize,
  b: usize,
  Y: usize,
  activation: i32,
): void {
  const sC = (<usize>C) << 2
  const sO = (<usize>O) << 2
  for (let k = 0; k < K; k++) {
    let s = slot - (K - 1 - k) * dilation
    if (s < 0) s += length
    const relued = activation == 1 && k == K - 1 ? 1 : 0
    product(1, O, C, ring + <usize>s * sC, sC, 4, W + <usize>k * <usize>C * sO, sO, Y, sO, k ? Y : b, 0, relued, 1, 0)
  }
  if (activation > 1) activate(O, Y, activation)
}

/** Layer norm over the last axis: Y = (X - mean) / sqrt(var + 1e-5) * gamma + beta. stats[R,2] (mean, inverse deviation) may be 0. */
export function norm(R: i32, N: i32, X: usize, gamma: usize, beta: usize, Y: usize, stats: usize): void {
  const s4 = (<usize>N) << 2
  const fn = <f32>N
  for (let i = 0; i < R; i++) {
    const x = X + <usize>i * s4
    const y = Y + <usize>i * s4
    let j: usize = 0
    let s = f32x4.splat(0)
    for (; j + 16 <= s4; j += 16) s = f32x4.add(s, ld(x + j))
    let sum = hsum(s)
    for (; j < s4; j += 4) sum += load<f32>(x + j)
    const m = sum / fn
    const mv = f32x4.splat(m)
    let q = f32x4.splat(0)
    for (j = 0; j + 16 <= s4; j += 16) {
      const d = f32x4.sub(ld(x + j), mv)
      q = mac(d, d, q)
    }
    let squares = hsum(q)
    for (; j < s4; j += 4) {
      const d = load<f32>(x + j) - m
      squares += d * d
    }
    const inverse = <f32>1 / sqrt<f32>(squares / fn + <f32>1e-5)
    const iv = f32x4.splat(inverse)
    if (stats) {
      store<f32>(stats + ((<usize>i) << 3), m)
      store<f32>(stats + ((<usize>i) << 3), inverse, 4)
    }
    for (j = 0; j + 16 <= s4; j += 16) st(y + j, mac(f32x4.mul(f32x4.sub(ld(x + j), mv), iv), ld(gamma + j), ld(beta + j)))
    for (; j < s4; j += 4) store<f32>(y + j, (load<f32>(x + j) - m) * inverse * load<f32>(gamma + j) + load<f32>(beta + j))
  }
}
export function normBackward(
  R: i32,
  N: i32,
  X: usize,
  gamma: usize,
  stats: usize,
  dY: usize,
  dX: usize,
  dGamma: usize,
  dBeta: usize,
): void {
  const s4 = (<usize>N) << 2
  const fn = <f32>N
  fill(dGamma, s4)
  fill(dBeta, s4)
  for (let i = 0; i < R; i++) {
    const x = X + <usize>i * s4
    const g = dY + <usize>i * s4
    const o = dX + <usize>i * s4
    const m = load<f32>(stats + ((<usize>i) << 3))
    const inverse = load<f32>(stats + ((<usize>i) << 3), 4)
    const mv = f32x4.splat(m)
    const iv = f32x4.splat(inverse)
    let s1 = f32x4.splat(0)
    let s2 = s1
    let j: usize = 0
    for (; j + 16 <= s4; j += 16) {
      const xh = f32x4.mul(f32x4.sub(ld(x + j), mv), iv)
      const gy = ld(g + j)
      const d = f32x4.mul(gy, ld(gamma + j))
      s1 = f32x4.add(s1, d)
      s2 = mac(d, xh, s2)
      st(dGamma + j, mac(gy, xh, ld(dGamma + j)))
      st(dBeta + j, f32x4.add(gy, ld(dBeta + j)))
    }
    let t1 = hsum(s1)
    let t2 = hsum(s2)
    for (; j < s4; j += 4) {
      const xh = (load<f32>(x + j) - m) * inverse
      const gy = load<f32>(g + j)
      const d = gy * load<f32>(gamma + j)
      t1 += d
      t2 += d * xh
      store<f32>(dGamma + j, load<f32>(dGamma + j) + gy * xh)
      store<f32>(dBeta + j, load<f32>(dBeta + j) + gy)
    }
    const a = t1 / fn
    const c = t2 / fn
    const av = f32x4.splat(a)
    const cv = f32x4.splat(c)
    for (j = 0; j + 16 <= s4; j += 16) {
      const xh = f32x4.mul(f32x4.sub(ld(x + j), mv), iv)
      st(o + j, f32x4.mul(iv, f32x4.sub(f32x4.sub(f32x4.mul(ld(g + j), ld(gamma + j)), av), f32x4.mul(xh, cv))))
    }
    for (; j < s4; j += 4) {
      const xh = (load<f32>(x + j) - m) * inverse
      store<f32>(o + j, inverse * (load<f32>(g + j) * load<f32>(gamma + j) - a - xh * c))
    }
  }
}

/**
 * GRU, reset-after form (the default of Keras, PyTorch and cuDNN), gates r|z|n. XW[B,T,3H] is the input part with its bias, U[H,3H] recurrent, rb[3H].
 * Hs[T+1,B,H] with Hs[0] = h0 when keep, else Hs[B,H] updated in place. cache (or 0): r,z,n,hn per (t,b). H is a multiple of 4. Scratch: 3*B*H floats.
 */
export function gru(B: i32, T: i32, H: i32, XW: usize, U: usize, rb: usize, Hs: usize, cache: usize, keep: i32, scratch: usize): void {
  const h4 = (<usize>H) << 2
  const h8 = h4 << 1
  const g4 = h8 + h4
  const step = <usize>B * h4
  let hp = Hs
  for (let t = 0; t < T; t++) {
    const ho = keep ? hp + step : hp
    product(B, 3 * H, H, hp, h4, 4, U, g4, scratch, g4, rb, 0, 0, 1, 0)
    for (let b = 0; b < B; b++) {
      let x = XW + <usize>(b * T + t) * g4
      let g = scratch + <usize>b * g4
      // Reset and update gates go straight into the cache, where there is one.
      let c = cache ? cache + <usize>(t * B + b) * (h4 << 2) : g
      for (const end = g + h8; g < end; g += 32) {
        const u = vsigmoid(f32x4.add(ld(x), ld(g)))
        const v = vsigmoid(f32x4.add(v128.load(x, 16), v128.load(g, 16)))
        st(c, u)
        v128.store(c, v, 16)
        x += 32
        c += 32
      }
      let h = hp + <usize>b * h4
      let o = ho + <usize>b * h4
      for (const end = g + h4; g < end; g += 16) {
        const hn = ld(g)
        const n = vtanh(mac(ld(c - h8), hn, ld(x)))
        st(o, mac(ld(c - h4), f32x4.sub(ld(h), n), n))
        if (cache) {
          st(c, n)
          st(c + h4, hn)
        }
        c += 16
        x += 16
        h += 16
        o += 16
      }
    }
    hp = ho
  }
}
/** Gradients of `gru`. dH[B,H] is d h_T on entry and d h0 on exit; dSeq[B,T,H] (or 0) is added at every step. Scratch: 3*H*H + 3*B*H floats. */
export function gruBackward(
  B: i32,
  T: i32,
  H: i32,
  U: usize,
  Hs: usize,
  cache: usize,
  dH: usize,
  dSeq: usize,
  dXW: usize,
  dU: usize,
  drb: usize,
  scratch: usize,
): void {
  const h4 = (<usize>H) << 2
  const h8 = h4 << 1
  const g4 = h8 + h4
  const Ut = scratch
  const dG = scratch + <usize>H * g4
  const one = f32x4.splat(1)
  transpose(H, 3 * H, U, Ut)
  fill(dU, <usize>H * g4)
  fill(drb, g4)
  for (let t = T - 1; t >= 0; t--) {
    const hp = Hs + <usize>(t * B) * h4
    for (let b = 0; b < B; b++) {
      const c = cache + <usize>(t * B + b) * (h4 << 2)
      const dx = dXW + <usize>(b * T + t) * g4
      const dg = dG + <usize>b * g4
      const dh = dH + <usize>b * h4
      const hb = hp + <usize>b * h4
      const ds = dSeq ? dSeq + <usize>(b * T + t) * h4 : 0
      for (let j: usize = 0; j < h4; j += 16) {
        const q = c + j
        const r = ld(q)
        const z = ld(q + h4)
        const n = ld(q + h8)
        const hn = ld(q + g4)
        let d = ld(dh + j)
        if (ds) d = f32x4.add(d, ld(ds + j))
        const dn = f32x4.mul(f32x4.mul(d, f32x4.sub(one, z)), f32x4.sub(one, f32x4.mul(n, n)))
        const dz = f32x4.mul(f32x4.mul(d, f32x4.sub(ld(hb + j), n)), f32x4.mul(z, f32x4.sub(one, z)))
        const dr = f32x4.mul(f32x4.mul(dn, hn), f32x4.mul(r, f32x4.sub(one, r)))
        const u = dx + j
        const w = dg + j
        st(u, dr)
        st(u + h4, dz)
        st(u + h8, dn)
        st(w, dr)
        st(w + h4, dz)
        st(w + h8, f32x4.mul(dn, r))
        st(dh + j, f32x4.mul(d, z))
      }
    }
    columnSums(B, g4, dG, drb)
    gemm(H, 3 * H, B, hp, 4, h4, dG, g4, dU, g4, 1)
    gemm(B, H, 3 * H, dG, g4, 4, Ut, h4, dH, h4, 1)
  }
}

/** Mixes time: Y[B,S,C] = W[S,T] X[B,T,C] + bias[S,C] (or 0), then the activation. */
export function mixTime(B: i32, T: i32, S: i32, C: i32, X: usize, W: usize, bias: usize, Y: usize, activation: i32): void {
  const sC = (<usize>C) << 2
  for (let n = 0; n < B; n++) {
    const y = Y + <usize>n * <usize>S * sC
    if (bias) memory.copy(y, bias, <usize>S * sC)
    gemm(S, C, T, W, (<usize>T) << 2, 4, X + <usize>n * <usize>T * sC, sC, y, sC, bias ? 1 : 0)
  }
  activate(B * S * C, Y, activation)
}
/** Gradients of `mixTime`; dY is overwritten by the slope. dBias, dX may be 0. Scratch: T*C floats. */
export function mixTimeBackward(
  B: i32,
  T: i32,
  S: i32,
  C: i32,
  X: usize,
  W: usize,
  Y: usize,
  dY: usize,
  dX: usize,
  dW: usize,
  dBias: usize,
  activation: i32,
  scratch: usize,
): void {
  const sC = (<usize>C) << 2
  const sT = (<usize>T) << 2
  activateBackward(B * S * C, Y, dY, activation)
  fill(dW, <usize>S * sT)
  if (dBias) fill(dBias, <usize>S * sC)
  for (let n = 0; n < B; n++) {
    const x = X + <usize>n * <usize>T * sC
    const g = dY + <usize>n * <usize>S * sC
    if (dBias) add(S * C, g, dBias)
    transpose(T, C, x, scratch)
    gemm(S, T, C, g, sC, 4, scratch, sT, dW, sT, 1)
    if (dX) gemm(T, C, S, W, 4, sT, g, sC, dX + <usize>n * <usize>T * sC, sC, 0)
  }
}

function setDiagonal(T: i32, W: usize, x: f32): void {
  const stride = (<usize>T + 1) << 2
  for (let t = 0; t < T; t++) {
    store<f32>(W, x)
    W += stride
  }
}
function sigmoid64(x: f64): f64 {
  if (x >= 0) return 1 / (1 + Math.exp(-x))
  const e = Math.exp(x)
  return e / (1 + e)
}
/**
 * Temporal attention of a TABL layer (Tran et al. 2018, arXiv:1712.00975): A = softmax over time of (W' X) with the diagonal of W' fixed at 1/T,
 * Y = X (s A + 1 - s), s = sigmoid(mix). X, A, Y [B,T,C]; W[T,T], its diagonal is overwritten.
 */
export function attend(B: i32, T: i32, C: i32, X: usize, W: usize, mix: usize, A: usize, Y: usize): void {
  const sC = (<usize>C) << 2
  const window = <usize>T * sC
  setDiagonal(T, W, <f32>1 / <f32>T)
  const share = <f32>sigmoid64(<f64>load<f32>(mix))
  for (let n = 0; n < B; n++) {
    const x = X + <usize>n * window
    const a = A + <usize>n * window
    const y = Y + <usize>n * window
    gemm(T, C, T, W, (<usize>T) << 2, 4, x, sC, a, sC, 0)
    for (let j: usize = 0; j < sC; j += 4) {
      let max = load<f32>(a + j)
      for (let p: usize = sC; p < window; p += sC) max = max > load<f32>(a + p + j) ? max : load<f32>(a + p + j)
      let sum: f32 = 0
      for (let p: usize = 0; p < window; p += sC) {
        const e = f32x4.extract_lane(power(f32x4.mul(f32x4.splat(load<f32>(a + p + j) - max), number(12))), 0)
        sum += e
        store<f32>(a + p + j, e)
      }
      for (let p: usize = 0; p < window; p += sC) {
        const w = load<f32>(a + p + j) / sum
        store<f32>(a + p + j, w)
        store<f32>(y + p + j, load<f32>(x + p + j) * (share * w + (<f32>1 - share)))
      }
    }
  }
}
/** Gradients of `attend`; dMix is one float. Scratch: 2*T*C floats. */
export function attendBackward(
  B: i32,
  T: i32,
  C: i32,
  X: usize,
  W: usize,
  mix: usize,
  A: usize,
  dY: usize,
  dX: usize,
  dW: usize,
  dMix: usize,
  scratch: usize,
): void {
  const sC = (<usize>C) << 2
  const sT = (<usize>T) << 2
  const window = <usize>T * sC
  const dE = scratch
  const Xt = scratch + window
  const share = <f32>sigmoid64(<f64>load<f32>(mix))
  let dShare: f64 = 0
  fill(dW, <usize>T * sT)
  for (let n = 0; n < B; n++) {
    const x = X + <usize>n * window
    const a = A + <usize>n * window
    const g = dY + <usize>n * window
    const o = dX + <usize>n * window
    for (let j: usize = 0; j < sC; j += 4) {
      let inner: f32 = 0
      for (let p: usize = j; p < window; p += sC) inner += load<f32>(a + p) * load<f32>(g + p) * load<f32>(x + p) * share
      for (let p: usize = j; p < window; p += sC) {
        const w = load<f32>(a + p)
        const gx = load<f32>(g + p) * load<f32>(x + p)
        dShare += <f64>(gx * (w - <f32>1))
        store<f32>(dE + p, w * (gx * share - inner))
        store<f32>(o + p, load<f32>(g + p) * (share * w + (<f32>1 - share)))
      }
    }
    gemm(T, C, T, W, 4, sT, dE, sC, o, sC, 1)
    transpose(T, C, x, Xt)
    gemm(T, T, C, dE, sC, 4, Xt, sT, dW, sT, 1)
  }
  setDiagonal(T, dW, 0)
  store<f32>(dMix, <f32>dShare * share * (<f32>1 - share))
}

/**
 * Bilinear normalisation (Tran et al. 2021, arXiv:2003.00598): Y = m0 (gt * Zt + bt) + m1 (gf * Zf + bf), where Zt standardises each column over time and
 * Zf each step over its columns. gt, bt [C]; gf, bf [T]; mix [2]; Zt, Zf, Y [B,T,C]; inverse [B,C+T] keeps the inverse deviations.
 */
export function binorm(
  B: i32,
  T: i32,
  C: i32,
  X: usize,
  gt: usize,
  bt: usize,
  gf: usize,
  bf: usize,
  mix: usize,
  Zt: usize,
  Zf: usize,
  inverse: usize,
  Y: usize,
): void {
  const sC = (<usize>C) << 2
  const window = <usize>T * sC
  const m0 = load<f32>(mix)
  const m1 = load<f32>(mix, 4)
  for (let n = 0; n < B; n++) {
    const x = X + <usize>n * window
    const zt = Zt + <usize>n * window
    const zf = Zf + <usize>n * window
    const y = Y + <usize>n * window
    const inv = inverse + <usize>n * ((<usize>(C + T)) << 2)
    let j: usize = 0
    for (; j + 16 <= sC; j += 16) {
      let s = f32x4.splat(0)
      for (let p = j; p < window; p += sC) s = f32x4.add(s, ld(x + p))
      const m = f32x4.div(s, f32x4.splat(<f32>T))
      let q = f32x4.splat(0)
      for (let p = j; p < window; p += sC) {
        const d = f32x4.sub(ld(x + p), m)
        q = mac(d, d, q)
      }
      const i = f32x4.div(f32x4.splat(1), f32x4.sqrt(f32x4.add(f32x4.div(q, f32x4.splat(<f32>T)), f32x4.splat(1e-5))))
      st(inv + j, i)
      for (let p = j; p < window; p += sC) st(zt + p, f32x4.mul(f32x4.sub(ld(x + p), m), i))
    }
    for (; j < sC; j += 4) {
      let s: f32 = 0
      for (let p = j; p < window; p += sC) s += load<f32>(x + p)
      const m = s / <f32>T
      let q: f32 = 0
      for (let p = j; p < window; p += sC) {
        const d = load<f32>(x + p) - m
        q += d * d
      }
      const i = <f32>1 / sqrt<f32>(q / <f32>T + <f32>1e-5)
      store<f32>(inv + j, i)
      for (let p = j; p < window; p += sC) store<f32>(zt + p, (load<f32>(x + p) - m) * i)
    }
    for (let t = 0; t < T; t++) {
      const row = <usize>t * sC
      let s: f32 = 0
      for (j = 0; j < sC; j += 4) s += load<f32>(x + row + j)
      const m = s / <f32>C
      let q: f32 = 0
      for (j = 0; j < sC; j += 4) {
        const d = load<f32>(x + row + j) - m
        q += d * d
      }
      const i = <f32>1 / sqrt<f32>(q / <f32>C + <f32>1e-5)
      store<f32>(inv + sC + ((<usize>t) << 2), i)
      const g = load<f32>(gf + ((<usize>t) << 2))
      const b = load<f32>(bf + ((<usize>t) << 2))
      for (j = 0; j < sC; j += 4) {
        const z = (load<f32>(x + row + j) - m) * i
        store<f32>(zf + row + j, z)
        store<f32>(y + row + j, m0 * (load<f32>(gt + j) * load<f32>(zt + row + j) + load<f32>(bt + j)) + m1 * (g * z + b))
      }
    }
  }
}
/** Gradients of `binorm`; dX may be 0. Scratch: 2*C floats. */
export function binormBackward(
  B: i32,
  T: i32,
  C: i32,
  gt: usize,
  bt: usize,
  gf: usize,
  bf: usize,
  mix: usize,
  Zt: usize,
  Zf: usize,
  inverse: usize,
  dY: usize,
  dX: usize,
  dgt: usize,
  dbt: usize,
  dgf: usize,
  dbf: usize,
  dMix: usize,
  scratch: usize,
): void {
  const sC = (<usize>C) << 2
  const sT = (<usize>T) << 2
  const window = <usize>T * sC
  const m0 = load<f32>(mix)
  const m1 = load<f32>(mix, 4)
  let d0: f64 = 0
  let d1: f64 = 0
  fill(dgt, sC)
  fill(dbt, sC)
  fill(dgf, sT)
  fill(dbf, sT)
  for (let n = 0; n < B; n++) {
    const zt = Zt + <usize>n * window
    const zf = Zf + <usize>n * window
    const g = dY + <usize>n * window
    const inv = inverse + <usize>n * ((<usize>(C + T)) << 2)
    fill(scratch, sC << 1)
    for (let t = 0; t < T; t++) {
      const row = <usize>t * sC
      const gft = load<f32>(gf + ((<usize>t) << 2))
      const bft = load<f32>(bf + ((<usize>t) << 2))
      let f1: f32 = 0
      let f2: f32 = 0
      for (let j: usize = 0; j < sC; j += 4) {
        const d = load<f32>(g + row + j)
        const a = load<f32>(zt + row + j)
        const b = load<f32>(zf + row + j)
        d0 += <f64>(d * (load<f32>(gt + j) * a + load<f32>(bt + j)))
        d1 += <f64>(d * (gft * b + bft))
        f1 += d
        f2 += d * b
        store<f32>(scratch + j, load<f32>(scratch + j) + d)
        store<f32>(scratch + sC + j, load<f32>(scratch + sC + j) + d * a)
      }
      const q = (<usize>t) << 2
      store<f32>(dbf + q, load<f32>(dbf + q) + m1 * f1)
      store<f32>(dgf + q, load<f32>(dgf + q) + m1 * f2)
      if (dX) {
        const o = dX + <usize>n * window + row
        const k = m1 * gft * load<f32>(inv + sC + q)
        const a = f1 / <f32>C
        const b = f2 / <f32>C
        for (let j: usize = 0; j < sC; j += 4) store<f32>(o + j, k * (load<f32>(g + row + j) - a - load<f32>(zf + row + j) * b))
      }
    }
    for (let j: usize = 0; j < sC; j += 4) {
      const t1 = load<f32>(scratch + j)
      const t2 = load<f32>(scratch + sC + j)
      store<f32>(dbt + j, load<f32>(dbt + j) + m0 * t1)
      store<f32>(dgt + j, load<f32>(dgt + j) + m0 * t2)
      if (dX) {
        const k = m0 * load<f32>(gt + j) * load<f32>(inv + j)
        const a = t1 / <f32>T
        const b = t2 / <f32>T
        const o = dX + <usize>n * window
        for (let p = j; p < window; p += sC) store<f32>(o + p, load<f32>(o + p) + k * (load<f32>(g + p) - a - load<f32>(zt + p) * b))
      }
    }
  }
  store<f32>(dMix, <f32>d0)
  store<f32>(dMix, <f32>d1, 4)
}

function shiftXor(x: v128, bits: i32): v128 {
  return v128.xor(x, i32x4.shr_u(x, bits))
}
// lowbias32 (C. Wellons, https://nullprogram.com/blog/2018/07/31/): a 32-bit permutation with low bias.
function mixBits(x: v128): v128 {
  x = i32x4.mul(shiftXor(x, 16), i32x4.splat(0x7feb352d))
  x = i32x4.mul(shiftXor(x, 15), i32x4.splat(<i32>0x846ca68b))
  return shiftXor(x, 16)
}
/** Y = X * keep / (1 - rate), where keep depends on (key0, key1, index) alone: forward and backward need no stored mask. threshold = rate * 2^24. */
export function dropout(n: i32, X: usize, Y: usize, key0: i32, key1: i32, threshold: i32, factor: f32): void {
  const k0 = i32x4.splat(key0)
  const k1 = i32x4.splat(key1)
  const limit = i32x4.splat(threshold)
  const f = f32x4.splat(factor)
  let index = i32x4(0, 1, 2, 3)
  const four = i32x4.splat(4)
  let i = 0
  for (; i < n; i += 4) {
    const hash = i32x4.shr_u(mixBits(i32x4.add(mixBits(v128.xor(index, k0)), k1)), 8)
    const keep = i32x4.ge_s(hash, limit)
    index = i32x4.add(index, four)
    if (i + 4 <= n) {
      st(Y, v128.and(f32x4.mul(ld(X), f), keep))
      X += 16
      Y += 16
    } else {
      for (let k = 0; i + k < n; k++) {
        const lane = k == 0 ? i32x4.extract_lane(keep, 0) : k == 1 ? i32x4.extract_lane(keep, 1) : i32x4.extract_lane(keep, 2)
        store<f32>(Y, lane ? load<f32>(X) * factor : 0)
        X += 4
        Y += 4
      }
    }
  }
}

/** P[R,K] = softmax of Z[R,K] rows. */
export function softmax(R: i32, K: i32, Z: usize, P: usize): void {
  const s4 = (<usize>K) << 2
  for (let i = 0; i < R; i++) {
    let max = load<f32>(Z)
    for (let j: usize = 4; j < s4; j += 4) max = max > load<f32>(Z + j) ? max : load<f32>(Z + j)
    let sum: f64 = 0
    for (let j: usize = 0; j < s4; j += 4) sum += Math.exp(<f64>load<f32>(Z + j) - <f64>max)
    for (let j: usize = 0; j < s4; j += 4) store<f32>(P + j, <f32>(Math.exp(<f64>load<f32>(Z + j) - <f64>max) / sum))
    Z += s4
    P += s4
  }
}
/**
 * Weighted cross-entropy of softmax(Z) against class indices (i32, negative = no label) with label smoothing; writes dZ = factor * w * (p - target).
 * @returns the sum of w * loss
 */
export function softmaxLoss(R: i32, K: i32, Z: usize, targets: usize, weights: usize, dZ: usize, smoothing: f64, factor: f64): f64 {
  const s4 = (<usize>K) << 2
  let loss: f64 = 0
  const off = smoothing / <f64>K
  for (let i = 0; i < R; i++) {
    const c = load<i32>(targets + ((<usize>i) << 2))
    const w = <f64>load<f32>(weights + ((<usize>i) << 2))
    if (c < 0 || w == 0) fill(dZ, s4)
    else {
      let max = load<f32>(Z)
      for (let j: usize = 4; j < s4; j += 4) max = max > load<f32>(Z + j) ? max : load<f32>(Z + j)
      let sum: f64 = 0
      let all: f64 = 0
      for (let j: usize = 0; j < s4; j += 4) {
        const z = <f64>load<f32>(Z + j) - <f64>max
        all += z
        sum += Math.exp(z)
      }
      const log = Math.log(sum)
      const zc = <f64>load<f32>(Z + ((<usize>c) << 2)) - <f64>max
      loss += w * (log - (1 - smoothing) * zc - off * all)
      for (let j = 0; j < K; j++) {
        const p = Math.exp(<f64>load<f32>(Z + ((<usize>j) << 2)) - <f64>max) / sum
        store<f32>(dZ + ((<usize>j) << 2), <f32>(factor * w * (p - off - (j == c ? 1 - smoothing : 0))))
      }
    }
    Z += s4
    dZ += s4
  }
  return loss
}

function softplus(x: f64): f64 {
  return x > 0 ? x + Math.log(1 + Math.exp(-x)) : Math.log(1 + Math.exp(x))
}
// Cutpoints in f64 at out: c0 = t0, cj = c(j-1) + softplus(tj): ordered whatever the parameters are.
function cutpoints(K: i32, theta: usize, out: usize): void {
  let c: f64 = 0
  for (let k = 0; k < K - 1; k++) {
    const t = <f64>load<f32>(theta + ((<usize>k) << 2))
    c = k == 0 ? t : c + softplus(t)
    store<f64>(out + ((<usize>k) << 3), c)
  }
}
// P(class k) = sigmoid(c_k - s) - sigmoid(c_(k-1) - s), on the side of zero where the difference does not cancel.
function between(upper: f64, lower: f64): f64 {
  return lower > 0 ? sigmoid64(-lower) - sigmoid64(-upper) : sigmoid64(upper) - sigmoid64(lower)
}
/** P[R,K] of the ordered logit with scores S[R] and raw cutpoints theta[K-1]. Scratch: 2*K floats, 8-byte aligned. */
export function ordinal(R: i32, K: i32, S: usize, theta: usize, P: usize, scratch: usize): void {
  cutpoints(K, theta, scratch)
  for (let i = 0; i < R; i++) {
    const s = <f64>load<f32>(S + ((<usize>i) << 2))
    for (let k = 0; k < K; k++) {
      const upper = k < K - 1 ? load<f64>(scratch + ((<usize>k) << 3)) - s : Infinity
      const lower = k > 0 ? load<f64>(scratch + ((<usize>(k - 1)) << 3)) - s : -Infinity
      store<f32>(P, <f32>between(upper, lower))
      P += 4
    }
  }
}
/** Weighted negative log likelihood of the ordered logit (McCullagh 1980); writes dS[R] and dTheta[K-1]. Scratch: 4*K floats, 8-byte aligned. */
export function ordinalLoss(
  R: i32,
  K: i32,
  S: usize,
  theta: usize,
  targets: usize,
  weights: usize,
  dS: usize,
  dTheta: usize,
  factor: f64,
  scratch: usize,
): f64 {
  const dC = scratch + ((<usize>K) << 3)
  let loss: f64 = 0
  cutpoints(K, theta, scratch)
  fill(dC, (<usize>K) << 3)
  for (let i = 0; i < R; i++) {
    const q = (<usize>i) << 2
    const c = load<i32>(targets + q)
    const w = <f64>load<f32>(weights + q)
    if (c < 0 || w == 0) {
      store<f32>(dS + q, 0)
      continue
    }
    const s = <f64>load<f32>(S + q)
    const upper = c < K - 1 ? load<f64>(scratch + ((<usize>c) << 3)) - s : Infinity
    const lower = c > 0 ? load<f64>(scratch + ((<usize>(c - 1)) << 3)) - s : -Infinity
    const p = Math.max(between(upper, lower), 1e-300)
    loss -= w * Math.log(p)
    const su = c < K - 1 ? (sigmoid64(upper) * sigmoid64(-upper)) / p : 0
    const sl = c > 0 ? (sigmoid64(lower) * sigmoid64(-lower)) / p : 0
    store<f32>(dS + q, <f32>(factor * w * (su - sl)))
    if (c < K - 1) store<f64>(dC + ((<usize>c) << 3), load<f64>(dC + ((<usize>c) << 3)) - factor * w * su)
    if (c > 0) store<f64>(dC + ((<usize>(c - 1)) << 3), load<f64>(dC + ((<usize>(c - 1)) << 3)) + factor * w * sl)
  }
  let tail: f64 = 0
  for (let k = K - 2; k >= 0; k--) {
    tail += load<f64>(dC + ((<usize>k) << 3))
    const t = <f64>load<f32>(theta + ((<usize>k) << 2))
    store<f32>(dTheta + ((<usize>k) << 2), <f32>(k == 0 ? tail : tail * sigmoid64(t)))
  }
  return loss
}
/** Weighted logistic loss of scores S[R] against probabilities in [0,1] (NaN = no label); writes dS. */
export function logisticLoss(R: i32, S: usize, targets: usize, weights: usize, dS: usize, factor: f64): f64 {
  let loss: f64 = 0
  for (let i = 0; i < R; i++) {
    const q = (<usize>i) << 2
    const y = <f64>load<f32>(targets + q)
    const w = <f64>load<f32>(weights + q)
    if (y != y || w == 0) {
      store<f32>(dS + q, 0)
      continue
    }
    const s = <f64>load<f32>(S + q)
    loss += w * (softplus(s) - y * s)
    store<f32>(dS + q, <f32>(factor * w * (sigmoid64(s) - y)))
  }
  return loss
}
/** Weighted Huber loss of S[R] against targets (NaN = no label); delta = Infinity is half the squared error. Writes dS. */
export function huberLoss(R: i32, S: usize, targets: usize, weights: usize, dS: usize, delta: f64, factor: f64): f64 {
  let loss: f64 = 0
  for (let i = 0; i < R; i++) {
    const q = (<usize>i) << 2
    const y = <f64>load<f32>(targets + q)
    const w = <f64>load<f32>(weights + q)
    if (y != y || w == 0) {
      store<f32>(dS + q, 0)
      continue
    }
    const e = <f64>load<f32>(S + q) - y
    const a = Math.abs(e)
    loss += w * (a <= delta ? 0.5 * e * e : delta * (a - 0.5 * delta))
    store<f32>(dS + q, <f32>(factor * w * (a <= delta ? e : e > 0 ? delta : -delta)))
  }
  return loss
}
/**
 * Listwise softmax loss (ListNet, Cao et al. 2007): per group, cross-entropy of softmax(scores) against gains / sum(gains). offsets[G+1] (i32);
 * groups without gain, or with zero weight, count nothing. Writes dS.
 */
export function listLoss(G: i32, offsets: usize, S: usize, gains: usize, weights: usize, dS: usize, factor: f64): f64 {
  let loss: f64 = 0
  for (let i = 0; i < G; i++) {
    const from = load<i32>(offsets + ((<usize>i) << 2))
    const to = load<i32>(offsets + ((<usize>i) << 2), 4)
    const w = <f64>load<f32>(weights + ((<usize>i) << 2))
    let total: f64 = 0
    let max: f64 = -Infinity
    for (let j = from; j < to; j++) {
      total += <f64>load<f32>(gains + ((<usize>j) << 2))
      max = Math.max(max, <f64>load<f32>(S + ((<usize>j) << 2)))
    }
    if (!(total > 0) || w == 0) {
      fill(dS + ((<usize>from) << 2), (<usize>(to - from)) << 2)
      continue
    }
    let sum: f64 = 0
    for (let j = from; j < to; j++) sum += Math.exp(<f64>load<f32>(S + ((<usize>j) << 2)) - max)
    const log = Math.log(sum)
    for (let j = from; j < to; j++) {
      const q = (<usize>j) << 2
      const z = <f64>load<f32>(S + q) - max
      const y = <f64>load<f32>(gains + q) / total
      loss += w * y * (log - z)
      store<f32>(dS + q, <f32>(factor * w * (Math.exp(z) / sum - y)))
    }
  }
  return loss
}

/** One AdamW step over a flat buffer: bias corrections c1 = 1 - b1^t, c2 = 1 - b2^t; decay is decoupled. */
export function adam(
  n: i32,
  p: usize,
  g: usize,
  m: usize,
  v: usize,
  rate: f32,
  b1: f32,
  b2: f32,
  epsilon: f32,
  c1: f32,
  c2: f32,
  decay: f32,
): void {
  const end = p + ((<usize>n) << 2)
  const vb1 = f32x4.splat(b1)
  const vb2 = f32x4.splat(b2)
  const n1 = f32x4.splat(<f32>1 - b1)
  const n2 = f32x4.splat(<f32>1 - b2)
  const i1 = f32x4.splat(<f32>1 / c1)
  const i2 = f32x4.splat(<f32>1 / c2)
  const e = f32x4.splat(epsilon)
  const r = f32x4.splat(rate)
  const d = f32x4.splat(decay)
  // Buffers are padded to 16 bytes by the host, so there is no tail.
  for (; p < end; p += 16) {
    const x = ld(g)
    const mm = mac(vb1, ld(m), f32x4.mul(n1, x))
    const vv = mac(vb2, ld(v), f32x4.mul(n2, f32x4.mul(x, x)))
    st(m, mm)
    st(v, vv)
    const w = ld(p)
    const step = f32x4.div(f32x4.mul(mm, i1), f32x4.add(f32x4.sqrt(f32x4.mul(vv, i2)), e))
    st(p, f32x4.sub(w, f32x4.mul(r, mac(d, w, step))))
    g += 16
    m += 16
    v += 16
  }
}
/** The module's own exponential: the same bits on every host. */
export function exp64(x: f64): f64 {
  return Math.exp(x)
}
/** First byte the host may use: the module's tables lie below. */
export function heapBase(): usize {
  return __heap_base
}
