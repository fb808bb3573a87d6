/** Chance that a row of class 1 scores above one of class 0; ties count half. */
export function areaUnderCurve(score: ArrayLike<number>, target: readonly number[]): number {
  const order = target.map((_, i) => i).sort((a, b) => score[a] - score[b])
  let positives = 0
  let rankSum = 0
  for (let i = 0; i < order.length;) {
    let end = i + 1
    while (end < order.length && score[order[end]] === score[order[i]]) end++
    const rank = (i + end + 1) / 2
    for (; i < end; i++) {
      if (target[order[i]] === 1) {
        positives++
        rankSum += rank
      }
    }
  }
  const negatives = target.length - positives
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives)
}

/** Square of the correlation, negative where the correlation is. */
export function rSquared(score: ArrayLike<number>, target: readonly number[]): number {
  const n = target.length
  let [sx, sy, sxx, syy, sxy] = [0, 0, 0, 0, 0]
  for (let i = 0; i < n; i++) {
    sx += score[i]
    sy += target[i]
    sxx += score[i] * score[i]
    syy += target[i] * target[i]
    sxy += score[i] * target[i]
  }
  const correlation = (n * sxy - sx * sy) / Math.sqrt((n * sxx - sx * sx) * (n * syy - sy * sy) || 1)
  return correlation * Math.abs(correlation)
}

/** Mean NDCG at `k` by group, gain `2^grade - 1` with grades 0 to 4 by quintile of the target, less what a random order gets on average. */
export function meanNdcg(score: ArrayLike<number>, target: readonly number[], group: readonly number[], k: number): number {
  let sum = 0
  let groups = 0
  for (let from = 0; from < group.length;) {
    let to = from
    while (to < group.length && group[to] === group[from]) to++
    const rows = Array.from({ length: to - from }, (_, i) => from + i)
    if (rows.length >= 8) {
      const byTarget = [...rows].sort((a, b) => target[a] - target[b])
      const gain = new Map(byTarget.map((row, place) => [row, 2 ** Math.floor((5 * place) / rows.length) - 1]))
      const discounted = (order: readonly number[]) =>
        order.slice(0, k).reduce((total, row, place) => total + gain.get(row)! / Math.log2(place + 2), 0)
      const best = discounted([...byTarget].reverse())
      const meanGain = rows.reduce((total, row) => total + gain.get(row)!, 0) / rows.length
      const random = Array.from({ length: Math.min(k, rows.length) }, (_, place) => meanGain / Math.log2(place + 2)).reduce(
        (a, b) => a + b,
        0,
      )
      sum += (discounted([...rows].sort((a, b) => score[b] - score[a])) - random) / best
      groups++
    }
    from = to
  }
  return sum / groups
}
