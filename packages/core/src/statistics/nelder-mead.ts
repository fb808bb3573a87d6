/** Where a minimisation stopped. */
export interface Minimum {
  readonly at: Float64Array
  readonly value: number
  /** Whether the simplex became small enough before the steps ran out. */
  readonly hasConverged: boolean
}

/**
 * Minimises a function without derivatives by the simplex method with the usual coefficients (reflection 1, expansion 2, contraction
 * and shrinkage 1/2) and a start simplex that lengthens each coordinate by 5 %.
 * @param tolerance largest distance in position and in value within the final simplex
 * @see Nelder and Mead (1965), "A Simplex Method for Function Minimization", The Computer Journal 7(4)
 */
export function nelderMead(objective: (point: Float64Array) => number, start: Float64Array, { tolerance = 1e-4 } = {}): Minimum {
  const n = start.length
  const budget = 200 * n
  let calls = 0
  const vertexAt = (point: Float64Array): Vertex => {
    calls++
    return { point, value: objective(point) }
  }
  let simplex = [vertexAt(start.slice())]
  for (let axis = 0; axis < n; axis++) {
    const point = start.slice()
    point[axis] = point[axis] === 0 ? 0.00025 : point[axis] * 1.05
    simplex.push(vertexAt(point))
  }
  simplex = sorted(simplex)
  for (let step = 1; step < budget && calls < budget; step++) {
    if (isSmall(simplex, tolerance)) return { at: simplex[0].point, value: simplex[0].value, hasConverged: true }
    const worst = simplex[n]
    const centre = centroid(simplex.slice(0, n))
    const along = (distance: number): Vertex => vertexAt(centre.map((value, i) => (1 + distance) * value - distance * worst.point[i]))
    const reflected = along(1)
    let replacement: Vertex | undefined
    if (reflected.value < simplex[0].value) {
      const expanded = along(2)
      replacement = expanded.value < reflected.value ? expanded : reflected
    } else if (reflected.value < simplex[n - 1].value) replacement = reflected
    else if (reflected.value < worst.value) {
      const outside = along(0.5)
      if (outside.value <= reflected.value) replacement = outside
    } else {
      const inside = along(-0.5)
      if (inside.value < worst.value) replacement = inside
    }
    if (replacement !== undefined) simplex[n] = replacement
    else {
      const best = simplex[0].point
      simplex = [simplex[0], ...simplex.slice(1).map(({ point }) => vertexAt(point.map((value, i) => best[i] + 0.5 * (value - best[i]))))]
    }
    simplex = sorted(simplex)
  }
  return { at: simplex[0].point, value: simplex[0].value, hasConverged: false }
}

interface Vertex {
  readonly point: Float64Array
  readonly value: number
}

function sorted(simplex: readonly Vertex[]): Vertex[] {
  return [...simplex].sort((a, b) => a.value - b.value)
}

function centroid(vertices: readonly Vertex[]): Float64Array {
  return vertices[0].point.map((_, i) => vertices.reduce((total, { point }) => total + point[i], 0) / vertices.length)
}

function isSmall(simplex: readonly Vertex[], tolerance: number): boolean {
  const [best, ...others] = simplex
  return others.every(
    ({ point, value }) =>
      Math.abs(value - best.value) <= tolerance && point.every((coordinate, i) => Math.abs(coordinate - best.point[i]) <= tolerance),
  )
}
