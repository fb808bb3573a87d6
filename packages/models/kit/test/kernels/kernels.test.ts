import { describe, expect, test } from 'vitest'
import { compileKernels, sha256 } from '../../scripts/build-kernels.js'
import { type KernelSet, type Pointer } from '../../src/kernels/index.js'
import { jsKernels } from '../../src/kernels/js-kernels.js'
import { wasmSha256 } from '../../src/kernels/kernel-bytes.js'
import { wasmKernels } from '../../src/kernels/wasm-kernels.js'
import { random } from '../../src/random.js'

type Put = (n: number, kind?: 'normal' | 'out' | 'clear' | 'class' | 'weight') => Pointer
interface Case {
  readonly name: string
  /** Calls the kernel; returns the areas it must have filled, and numbers it returned. */
  run(set: KernelSet, put: Put): { areas: [Pointer, number][]; numbers?: number[] }
}

const cases: Case[] = []
const add = (name: string, run: Case['run']): void => void cases.push({ name, run })

for (const [M, K, N] of [
  [1, 5, 3],
  [1, 7, 37],
  [6, 9, 20],
  [13, 16, 5],
  [8, 8, 24],
  [5, 6, 32],
  [3, 4, 56],
]) {
  for (const activation of [0, 1, 2, 3])
    add(`dense ${M}x${K}x${N}, activation ${activation}`, ({ functions }, put) => {
      const [x, w, b, y] = [put(M * K), put(K * N), put(N), put(M * N, 'out')]
      functions.dense(M, K, N, x, w, b, y, activation)
      const [dy, dx, dw, db] = [put(M * N), put(M * K, 'out'), put(K * N, 'out'), put(N, 'out')]
      functions.denseBackward(M, K, N, x, w, y, dy, dx, dw, db, activation, put(K * N, 'out'))
      return { areas: [[y, M * N], [dx, M * K], [dw, K * N], [db, N]] } // prettier-ignore
    })
  add(`dense without bias ${M}x${K}x${N}`, ({ functions }, put) => {
    const y = put(M * N, 'out')
    functions.dense(M, K, N, put(M * K), put(K * N), 0, y, 0)
    return { areas: [[y, M * N]] }
  })
}
for (const [B, T, C, O, K, d] of [
  [2, 9, 4, 8, 3, 2],
  [3, 7, 5, 6, 2, 1],
  [1, 4, 3, 3, 3, 8],
  // Wide enough for three taps by pairs of outputs: within a window, at its end, beyond it.
  [2, 41, 16, 20, 3, 1],
  [1, 37, 20, 16, 3, 4],
  [2, 5, 16, 16, 3, 8],
])
  add(`conv ${[B, T, C, O, K, d].join()}`, ({ functions }, put) => {
    const [x, w, b, y] = [put(B * T * C), put(K * C * O), put(O), put(B * T * O, 'out')]
    const wanted = functions.convScratch(C, O, K)
    functions.conv(B, T, C, O, K, d, x, w, b, y, 1, wanted > 0 ? put(wanted, 'out') : 0)
    const [dy, dx, dw, db] = [put(B * T * O), put(B * T * C, 'out'), put(K * C * O, 'out'), put(O, 'out')]
    functions.convBackward(B, T, C, O, K, d, x, w, y, dy, dx, dw, db, 1, put(K * C * O, 'out'))
    return { areas: [[y, B * T * O], [dx, B * T * C], [dw, K * C * O], [db, O]] } // prettier-ignore
  })
for (const N of [3, 8, 13])
  add(`layer norm of ${N}`, ({ functions }, put) => {
    const [x, g, b, y, stats] = [put(5 * N), put(N), put(N), put(5 * N, 'out'), put(10, 'out')]
    functions.norm(5, N, x, g, b, y, stats)
    const [dy, dx, dg, db] = [put(5 * N), put(5 * N, 'out'), put(N, 'out'), put(N, 'out')]
    functions.normBackward(5, N, x, g, stats, dy, dx, dg, db)
    return { areas: [[y, 5 * N], [dx, 5 * N], [dg, N], [db, N]] } // prettier-ignore
  })
for (const sequence of [false, true])
  add(`gru, gradient ${sequence ? 'at every step' : 'at the last step'}`, ({ functions }, put) => {
    const [B, T, H] = [3, 5, 8]
    const [xw, u, rb, hs, cache, scratch] = [
      put(B * T * 24),
      put(H * 24),
      put(24),
      put((T + 1) * B * H, 'clear'),
      put(T * B * 32, 'out'),
      put(192 + 72, 'out'),
    ]
    functions.gru(B, T, H, xw, u, rb, hs, cache, 1, scratch)
    const [dh, ds, dx, du, dr] = [put(B * H), put(B * T * H), put(B * T * 24, 'out'), put(192, 'out'), put(24, 'out')]
    functions.gruBackward(B, T, H, u, hs, cache, dh, sequence ? ds : 0, dx, du, dr, scratch)
    const swapped = put(T * B * H, 'out')
    functions.swapOuter(T, B, H, hs + B * H * 4, swapped)
    return { areas: [[hs, (T + 1) * B * H], [dh, B * H], [dx, B * T * 24], [du, 192], [dr, 24], [swapped, T * B * H]] } // prettier-ignore
  })
for (const C of [5, 8])
  add(`bilinear attention over ${C} columns`, ({ functions }, put) => {
    const [B, T, S] = [2, 6, 3]
    const n = B * T * C
    const [x, w, mix, a, y] = [put(n), put(T * T), put(1), put(n, 'out'), put(n, 'out')]
    functions.attend(B, T, C, x, w, mix, a, y)
    const [dy, dx, dw, dm] = [put(n), put(n, 'out'), put(T * T, 'out'), put(1, 'out')]
    functions.attendBackward(B, T, C, x, w, mix, a, dy, dx, dw, dm, put(2 * T * C, 'out'))
    const [v, bias, z] = [put(S * T), put(S * C), put(B * S * C, 'out')]
    functions.mixTime(B, T, S, C, x, v, bias, z, 3)
    const [dz, dx2, dv, dbias] = [put(B * S * C), put(n, 'out'), put(S * T, 'out'), put(S * C, 'out')]
    functions.mixTimeBackward(B, T, S, C, x, v, z, dz, dx2, dv, dbias, 3, put(T * C, 'out'))
    return { areas: [[y, n], [dx, n], [dw, T * T], [dm, 1], [z, B * S * C], [dx2, n], [dv, S * T], [dbias, S * C]] } // prettier-ignore
  })
for (const C of [5, 8])
  add(`bilinear normalisation over ${C} columns`, ({ functions }, put) => {
    const [B, T] = [2, 6]
    const n = B * T * C
    const [x, gt, bt, gf, bf, mix] = [put(n), put(C), put(C), put(T), put(T), put(2)]
    const [zt, zf, inverse, y] = [put(n, 'out'), put(n, 'out'), put(B * (C + T), 'out'), put(n, 'out')]
    functions.binorm(B, T, C, x, gt, bt, gf, bf, mix, zt, zf, inverse, y)
    const [dy, dx, dgt, dbt, dgf, dbf, dm] = [
      put(n),
      put(n, 'out'),
      put(C, 'out'),
      put(C, 'out'),
      put(T, 'out'),
      put(T, 'out'),
      put(2, 'out'),
    ]
    functions.binormBackward(B, T, C, gt, bt, gf, bf, mix, zt, zf, inverse, dy, dx, dgt, dbt, dgf, dbf, dm, put(2 * C, 'out'))
    return { areas: [[y, n], [dx, n], [dgt, C], [dbt, C], [dgf, T], [dbf, T], [dm, 2]] } // prettier-ignore
  })
add('gru of one sequence that keeps its last state only', ({ functions }, put) => {
  const [T, H] = [6, 12]
  const h = put(H, 'clear')
  functions.gru(1, T, H, put(T * 3 * H), put(H * 3 * H), put(3 * H), h, 0, 0, put(3 * H, 'out'))
  return { areas: [[h, H]] }
})
add('a streamed convolution step', ({ functions }, put) => {
  const y = put(6, 'out')
  functions.convStep(5, 6, 3, 2, put(25), 5, 1, put(90), put(6), y, 1)
  return { areas: [[y, 6]] }
})
add('losses and probabilities', ({ functions }, put) => {
  const [R, K] = [9, 5]
  const [z, s, theta, y, w] = [put(R * K), put(R), put(K - 1), put(R, 'class'), put(R, 'weight')]
  const [p, dz, q, ds, dt, dl, dh, dlist] = [
    put(R * K, 'out'),
    put(R * K, 'out'),
    put(R * K, 'out'),
    put(R, 'out'),
    put(K, 'out'),
    put(R, 'out'),
    put(R, 'out'),
    put(R, 'out'),
  ]
  functions.softmax(R, K, z, p)
  functions.ordinal(R, K, s, theta, q, put(4 * K, 'out'))
  const offsets = put(4, 'out')
  const numbers = [
    functions.softmaxLoss(R, K, z, y, w, dz, 0.1, 0.5),
    functions.ordinalLoss(R, K, s, theta, y, w, ds, dt, 0.5, put(4 * K, 'out')),
    functions.logisticLoss(R, s, w, w, dl, 0.5),
    functions.huberLoss(R, s, z, w, dh, 0.7, 0.5),
  ]
  ;[0, 4, 4, 9].forEach((o, i) => (set32(offsets)[(offsets >> 2) + i] = o))
  numbers.push(functions.listLoss(3, offsets, s, w, w, dlist, 0.5))
  return { areas: [[p, R * K], [q, R * K], [dz, R * K], [ds, R], [dt, K - 1], [dl, R], [dh, R], [dlist, R]], numbers } // prettier-ignore
})
let set32: (p: Pointer) => Int32Array
add('dropout, sums and Adam', ({ functions }, put) => {
  const [x, y, p, g, m, v] = [put(103), put(103, 'out'), put(40), put(40), put(40, 'weight'), put(40, 'weight')]
  functions.dropout(103, x, y, 12345, -99, Math.round(0.3 * 2 ** 24), 1 / 0.7)
  functions.adam(40, p, g, m, v, 0.01, 0.9, 0.999, 1e-8, 0.1, 0.001, 0.02)
  functions.add(7, x, g)
  functions.scale(7, x, 0.37)
  return { areas: [[x, 103], [y, 103], [p, 40], [m, 40], [v, 40], [g, 40]], numbers: [functions.sumSquares(103, x), functions.exp64(1.5)] } // prettier-ignore
})

/** Runs a case on one kernel set with the same seeded inputs. */
function outcome(set: KernelSet, one: Case): { areas: number[][]; numbers: number[] } {
  const draw = random(7)
  set32 = () => set.i32
  set.allocate(200_000) // the memory must not grow while the case holds pointers to fill
  set.mark()
  const put: Put = (n, kind = 'normal') => {
    const p = set.allocate(n)
    for (let i = 0; i < n; i++) {
      const at = (p >> 2) + i
      if (kind === 'normal') set.f32[at] = draw.normal()
      else if (kind === 'weight') set.f32[at] = i % 4 === 3 ? 0 : draw.uniform()
      else if (kind === 'out')
        set.f32[at] = NaN // a kernel must write every value it claims to
      else if (kind === 'class') set.i32[at] = i % 5 === 4 ? -1 : draw.integer(5)
    }
    return p
  }
  const { areas, numbers = [] } = one.run(set, put)
  return { areas: areas.map(([p, n]) => Array.from(set.f32.subarray(p >> 2, (p >> 2) + n))), numbers }
}

describe('the WASM kernels equal the plain JavaScript reference', () => {
  for (const one of cases)
    test(one.name, () => {
      const [wasm, js] = [outcome(wasmKernels(), one), outcome(jsKernels(), one)]
      for (const [i, area] of js.areas.entries()) {
        expect(
          area.every((x) => Number.isFinite(x)),
          `area ${i} was computed`,
        ).toBe(true)
        area.forEach((x, k) =>
          expect(Math.abs(wasm.areas[i][k] - x), `area ${i}[${k}]: ${wasm.areas[i][k]} v ${x}`).toBeLessThan(
            2e-5 * Math.max(1, Math.abs(x)),
          ),
        )
      }
      js.numbers.forEach((x, i) => expect(wasm.numbers[i]).toBeCloseTo(x, 6))
    })
})

test('dropout keeps the stated share, and other counters give other masks', () => {
  const set = wasmKernels()
  const n = 100_000
  const [x, y, z] = [set.allocate(n), set.allocate(n), set.allocate(n)]
  set.f32.fill(1, x >> 2, (x >> 2) + n)
  set.functions.dropout(n, x, y, 1, 1, Math.round(0.25 * 2 ** 24), 1 / 0.75)
  set.functions.dropout(n, x, z, 1, 2, Math.round(0.25 * 2 ** 24), 1 / 0.75)
  const kept = (p: number): Uint8Array => Uint8Array.from(set.f32.subarray(p >> 2, (p >> 2) + n), (v) => (v > 0 ? 1 : 0))
  const [a, b] = [kept(y), kept(z)]
  const share = (mask: (i: number) => boolean): number => Array.from({ length: n }, (_, i) => i).filter(mask).length / n
  expect(share((i) => a[i] === 1)).toBeCloseTo(0.75, 2)
  expect(share((i) => a[i] === 1 && b[i] === 1)).toBeCloseTo(0.75 ** 2, 2)
})

test('sigmoid and tanh keep what is no number, whatever its bits, and reach their ends', () => {
  const set = wasmKernels()
  const p = set.allocate(8)
  for (const [activation, low] of [
    [2, 0],
    [3, -1],
  ]) {
    set.i32.set([0x7fc00000, 0x7fc00001, -1, 0x7f800000, -0x800000], p >> 2)
    set.f32.set([1e6, -1e6, 0], (p >> 2) + 5)
    set.functions.activate(8, p, activation)
    const [a, b, c, ...rest] = set.f32.subarray(p >> 2, (p >> 2) + 8)
    expect([a, b, c]).toEqual([NaN, NaN, NaN])
    rest.forEach((x, i) => expect(x).toBeCloseTo([1, low, 1, low, (1 + low) / 2][i], 7))
  }
})

test('rebuilding the module from source gives the checked-in bytes', async () => {
  expect(sha256(await compileKernels())).toBe(wasmSha256)
})
