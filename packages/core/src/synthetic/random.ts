import { normalQuantile } from './exact-math.js'

const INVERSE_TWO_32 = 1 / 0x1_0000_0000

/** Mixes one 32-bit word (Wellons' lowbias32). */
function mix(word: number): number {
  let x = word | 0
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad)
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97)
  return (x ^ (x >>> 15)) >>> 0
}

function hash(keys: readonly (number | string)[], salt: number): number {
  let state = mix(salt)
  const absorb = (word: number) => {
    state = mix(state ^ mix(word + 0x9e3779b9))
  }
  for (const key of keys) {
    if (typeof key === 'number') {
      absorb(key | 0)
      absorb(Math.floor(key / 0x1_0000_0000))
    } else {
      for (let i = 0; i < key.length; i++) absorb(key.charCodeAt(i))
      absorb(0x1_0000 + key.length)
    }
  }
  return state
}

/**
 * Random numbers that depend on a position, not on what was drawn before: a stream is opened by its keys (seed, name, day, …) and is the same
 * whatever else was generated. Chris Doty-Humphrey's sfc32 within a stream; all arithmetic is exact, so the same on every engine.
 */
export class RandomStream {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(...keys: readonly (number | string)[]) {
    this.#a = hash(keys, 0x243f6a88)
    this.#b = hash(keys, 0x85a308d3)
    this.#c = hash(keys, 0x13198a2e)
    for (let i = 0; i < 12; i++) this.word()
  }

  /** 32 random bits. */
  word(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  /** Strictly between 0 and 1. */
  uniform(): number {
    return (this.word() + 0.5) * INVERSE_TWO_32
  }

  /** Standard normal; at most 6.3 in absolute value, as 32 bits give. */
  normal(): number {
    return normalQuantile((this.word() + 0.5) * INVERSE_TWO_32)
  }

  /** Whole number from 0 to `count - 1`. */
  below(count: number): number {
    return Math.floor(this.word() * INVERSE_TWO_32 * count)
  }
}
