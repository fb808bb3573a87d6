/** Nodes of one tree, the root first. A leaf has feature -1. */
export interface Tree {
  readonly feature: Int32Array
  readonly threshold: Float64Array
  /** 1 where a missing value goes left. */
  readonly missingLeft: Uint8Array
  /** Nodes below. */
  readonly left: Int32Array
  readonly right: Int32Array
  /** What a leaf adds to the score. */
  readonly value: Float64Array
}

/** Most values that a feature is told apart by: a code is a byte, and the last one is for what is missing. */
export const mostBins = 255
const missing = mostBins
const codes = 256
const leastHessian = 1e-3

/** Values between which a feature is cut: between its distinct ones, or its quantiles where they are too many. */
export function edgesOf(
  table: Float32Array | Float64Array,
  { width, feature, bins }: { readonly width: number; readonly feature: number; readonly bins: number },
): Float64Array {
  const sorted = new Float64Array(table.length / width)
  let count = 0
  for (let at = feature; at < table.length; at += width) if (!Number.isNaN(table[at])) sorted[count++] = table[at]
  const known = sorted.subarray(0, count).sort()
  const between = (i: number): number => {
    const middle = (known[i - 1] + known[i]) / 2
    return middle < known[i] ? middle : known[i - 1]
  }
  const edges: number[] = []
  for (let i = 1; i < count && edges.length < bins; i++) if (known[i] > known[i - 1]) edges.push(between(i))
  if (edges.length < bins) return Float64Array.from(edges)
  const cuts = new Set<number>()
  for (let b = 1; b < bins; b++) {
    let i = Math.round((b * count) / bins)
    // Within a run of equal values the cut comes after it.
    while (i < count && known[i] === known[i - 1]) i++
    if (i < count) cuts.add(between(i))
  }
  return Float64Array.from(cuts)
}

/** Codes of the values, `[width, rows]`: how many edges lie below. */
export function binned(
  table: Float32Array | Float64Array,
  { width, edges }: { readonly width: number; readonly edges: readonly Float64Array[] },
): Uint8Array {
  const rows = table.length / width
  const found = new Uint8Array(table.length)
  for (let f = 0; f < width; f++) {
    const cuts = edges[f]
    for (let row = 0; row < rows; row++) {
      const x = table[row * width + f]
      let [low, high] = [0, cuts.length]
      while (low < high) {
        const middle = (low + high) >> 1
        if (x > cuts[middle]) low = middle + 1
        else high = middle
      }
      found[f * rows + row] = Number.isNaN(x) ? missing : low
    }
  }
  return found
}

/** A leaf while its tree grows, and the best way to split it. */
interface Leaf {
  node: number
  depth: number
  /** Its rows are `order[from, to)`. */
  from: number
  to: number
  gradient: number
  hessian: number
  /** What the loss falls by when it is split; -1 where nothing may be. */
  gain: number
  feature: number
  code: number
  missingLeft: number
}

export interface Growth {
  readonly rows: number
  readonly leaves: number
  readonly depth: number
  readonly minLeaf: number
  readonly l2: number
  readonly rate: number
}

/** Grows one tree after the other in the same memory: histograms of a leaf are those of its parent less its sibling's. */
export class TreeGrower {
  readonly #order: Uint32Array
  readonly #spare: Uint32Array
  /** By leaf: `[width, codes]` of gradient, hessian and rows. */
  readonly #histograms: readonly Float64Array[]
  readonly #leaves: readonly Leaf[]
  readonly #gradient: Float64Array
  readonly #hessian: Float64Array

  constructor(
    private readonly binned: Uint8Array,
    private readonly edges: readonly Float64Array[],
    private readonly growth: Growth,
  ) {
    const { rows, leaves } = growth
    this.#order = new Uint32Array(rows)
    this.#spare = new Uint32Array(rows)
    this.#gradient = new Float64Array(rows)
    this.#hessian = new Float64Array(rows)
    this.#histograms = Array.from({ length: leaves }, () => new Float64Array(edges.length * codes * 3))
    this.#leaves = Array.from({ length: leaves }, () => ({ node: 0, depth: 0, from: 0, to: 0, gradient: 0, hessian: 0, gain: -1, feature: -1, code: 0, missingLeft: 0 })) // prettier-ignore
  }

  /** A tree for these derivatives; what it says of its rows is added to their scores. */
  grow(
    gradient: Float64Array,
    hessian: Float64Array,
    { scores, outputs, output }: { readonly scores: Float64Array; readonly outputs: number; readonly output: number },
  ): Tree {
    const { rows, leaves, l2, rate } = this.growth
    const most = 2 * leaves - 1
    const tree: Tree = { feature: new Int32Array(most).fill(-1), threshold: new Float64Array(most), missingLeft: new Uint8Array(most), left: new Int32Array(most), right: new Int32Array(most), value: new Float64Array(most) } // prettier-ignore
    for (let i = 0; i < rows; i++) this.#order[i] = i
    Object.assign(this.#leaves[0], { node: 0, depth: 0, from: 0, to: rows })
    this.#count(0, gradient, hessian)
    this.#judge(0)
    let count = 1
    while (count < leaves) {
      let best = 0
      for (let l = 1; l < count; l++) if (this.#leaves[l].gain > this.#leaves[best].gain) best = l
      if (!(this.#leaves[best].gain > 0)) break
      this.#split(tree, best, count)
      // The smaller part is counted, the larger is what is left; it keeps the parent's histogram.
      const [a, b] = [this.#leaves[best], this.#leaves[count]]
      if (a.to - a.from < b.to - b.from) this.#swap(best, count)
      this.#count(count, gradient, hessian)
      const [whole, part] = [this.#histograms[best], this.#histograms[count]]
      for (let i = 0; i < whole.length; i++) whole[i] -= part[i]
      this.#leaves[best].gradient -= this.#leaves[count].gradient
      this.#leaves[best].hessian -= this.#leaves[count].hessian
      this.#judge(best)
      this.#judge(count)
      count++
    }
    for (let l = 0; l < count; l++) {
      const leaf = this.#leaves[l]
      const value = (-rate * leaf.gradient) / Math.max(leaf.hessian + l2, 1e-12)
      tree.value[leaf.node] = value
      for (let i = leaf.from; i < leaf.to; i++) scores[this.#order[i] * outputs + output] += value
    }
    return tree
  }

  #swap(a: number, b: number): void {
    const [one, other] = [this.#leaves[a], this.#leaves[b]]
    const { node, from, to } = one
    Object.assign(one, { node: other.node, from: other.from, to: other.to })
    Object.assign(other, { node, from, to })
  }

  /** Histograms and sums of a leaf. */
  #count(l: number, gradient: Float64Array, hessian: Float64Array): void {
    const leaf = this.#leaves[l]
    const { from, to } = leaf
    const [order, histogram, binned] = [this.#order, this.#histograms[l], this.binned]
    leaf.gradient = 0
    leaf.hessian = 0
    for (let i = from; i < to; i++) {
      leaf.gradient += this.#gradient[i] = gradient[order[i]]
      leaf.hessian += this.#hessian[i] = hessian[order[i]]
    }
    histogram.fill(0)
    for (let f = 0; f < this.edges.length; f++) {
      const [column, cells] = [f * this.growth.rows, f * codes]
      for (let i = from; i < to; i++) {
        const cell = 3 * (cells + binned[column + order[i]])
        histogram[cell] += this.#gradient[i]
        histogram[cell + 1] += this.#hessian[i]
        histogram[cell + 2]++
      }
    }
  }

  /** Finds the best split of a leaf, trying for each cut both ways that missing values can go. */
  #judge(l: number): void {
    const leaf = this.#leaves[l]
    const { l2, minLeaf, depth } = this.growth
    const { gradient: G, hessian: H } = leaf
    const [count, histogram] = [leaf.to - leaf.from, this.#histograms[l]]
    const whole = (G * G) / (H + l2)
    leaf.gain = -1
    if (leaf.depth >= depth || count < 2 * minLeaf) return
    for (let f = 0; f < this.edges.length; f++) {
      const gap = 3 * (f * codes + missing)
      const unknown = histogram[gap + 2]
      const cuts = this.edges[f].length
      for (let way = unknown > 0 ? 0 : 1; way < 2; way++) {
        // Way 0 starts with the missing on the left, way 1 leaves them on the right.
        let g = way === 0 ? histogram[gap] : 0
        let h = way === 0 ? histogram[gap + 1] : 0
        let n = way === 0 ? unknown : 0
        // The last cut, past all known values, parts them from the missing.
        const last = way === 1 && unknown > 0 ? cuts : cuts - 1
        for (let code = 0; code <= last; code++) {
          const cell = 3 * (f * codes + code)
          g += histogram[cell]
          h += histogram[cell + 1]
          n += histogram[cell + 2]
          if (n < minLeaf || h < leastHessian) continue
          if (count - n < minLeaf || H - h < leastHessian) break
          const gain = (g * g) / (h + l2) + ((G - g) * (G - g)) / (H - h + l2) - whole
          if (gain <= leaf.gain || !(gain > 1e-12)) continue
          leaf.gain = gain
          leaf.feature = f
          leaf.code = code
          // Where none was missing, one that comes later goes with the many.
          leaf.missingLeft = unknown > 0 ? 1 - way : 2 * n > count ? 1 : 0
        }
      }
    }
  }

  /** Parts a leaf's rows, in order: the left ones stay its own, the right ones become those of leaf `r`. */
  #split(tree: Tree, l: number, r: number): void {
    const leaf = this.#leaves[l]
    const { node, from, to, feature, code, missingLeft } = leaf
    const [order, spare, column] = [this.#order, this.#spare, feature * this.growth.rows]
    let [left, right] = [from, 0]
    for (let i = from; i < to; i++) {
      const at = this.binned[column + order[i]]
      if (at === missing ? missingLeft === 1 : at <= code) order[left++] = order[i]
      else spare[right++] = order[i]
    }
    for (let i = 0; i < right; i++) order[left + i] = spare[i]
    const cuts = this.edges[feature]
    tree.feature[node] = feature
    tree.threshold[node] = code < cuts.length ? cuts[code] : Infinity
    tree.missingLeft[node] = missingLeft
    tree.left[node] = 2 * r - 1
    tree.right[node] = 2 * r
    leaf.depth++
    leaf.to = left
    leaf.node = tree.left[node]
    Object.assign(this.#leaves[r], { node: tree.right[node], depth: leaf.depth, from: left, to })
  }
}
