/** A seeded stream of random numbers; the same seed gives the same numbers on every host. */
export interface Random {
  /** Uniform in [0, 1). */
  uniform(): number
  /** Uniform integer in [0, below). */
  integer(below: number): number
  /** Standard normal, as the sum of twelve uniforms less six: exact arithmetic only, so it repeats bit for bit on every Node version. */
  normal(): number
  /** Shuffles in place (Fisher-Yates). */
  shuffle(items: Int32Array): Int32Array
  /** Where the stream stands; `random(seed, state)` continues from it. */
  readonly state: number
}

/**
 * The mulberry32 generator (T. Ettinger): 32 bits of state, passes gjrand; more than enough for shuffles and initial weights.
 * @param seed an integer; only its low 32 bits count
 * @param state where to continue from, as `Random.state` gave it
 */
export function random(seed: number, state: number = seed): Random {
  let a = state >>> 0
  const uniform = (): number => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = a
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  const integer = (below: number): number => Math.floor(uniform() * below)
  return {
    uniform,
    integer,
    normal() {
      let sum = -6
      for (let i = 0; i < 12; i++) sum += uniform()
      return sum
    },
    shuffle(items) {
      for (let i = items.length - 1; i > 0; i--) {
        const j = integer(i + 1)
        const swap = items[i]
        items[i] = items[j]
        items[j] = swap
      }
      return items
    },
    get state() {
      return a
    },
  }
}

/** A 32-bit key from several integers: for seeds of folds, ensemble members and dropout masks that must not collide. */
export function mixSeeds(...parts: readonly number[]): number {
  let h = 0x9e3779b9
  for (const part of parts) {
    h = Math.imul(h ^ (part | 0), 0x85ebca6b)
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
    h ^= h >>> 16
  }
  return h | 0
}
