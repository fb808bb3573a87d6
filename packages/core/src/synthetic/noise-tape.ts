import { RandomStream } from './random.js'

const steps = 1 << 17
const places = 1 << 14
/** Longest stretch that is read from a place. */
const longest = 128

/**
 * A world's ready-made noise: a random walk of standard normal steps and random words, read from a place that one word names. A minute's sixty seconds so cost one draw,
 * which lets hours of many years be sums of seconds.
 */
export class NoiseTape {
  /** Sums of the steps so far. */
  readonly walk = new Float64Array(steps + longest)
  readonly words = new Uint32Array(places + longest)
  /** Where `walk` and `words` are to be read, and whether steps are to be turned round (-1). */
  at = 0
  wordsAt = 0
  sign = 1

  constructor(seed: number) {
    const random = new RandomStream(seed, 'tape')
    for (let i = 1; i < this.walk.length; i++) this.walk[i] = this.walk[i - 1] + random.normal()
    for (let i = 0; i < this.words.length; i++) this.words[i] = random.word()
  }

  /** @param place 32 random bits */
  seek(place: number): this {
    this.at = place & (steps - 1)
    this.sign = (place & steps) === 0 ? 1 : -1
    this.wordsAt = place >>> 18
    return this
  }
}
