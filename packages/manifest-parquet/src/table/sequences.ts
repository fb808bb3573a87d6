/** Sequence numbers of one application as ranges, `1-3,7`: short in the log however many appends a commit holds. */
export function formatSequences(sequences: Iterable<number>): string {
  const sorted = [...new Set(sequences)].sort((a, b) => a - b)
  const ranges: string[] = []
  for (let i = 0; i < sorted.length;) {
    let end = i
    while (end + 1 < sorted.length && sorted[end + 1] === sorted[end] + 1) end++
    ranges.push(end === i ? String(sorted[i]) : `${sorted[i]}-${sorted[end]}`)
    i = end + 1
  }
  return ranges.join(',')
}

/** True when `ranges`, as {@link formatSequences} writes them, hold `sequence`. */
export function holdsSequence(ranges: string, sequence: number): boolean {
  return ranges.split(',').some((range) => {
    const [from, to = from] = range.split('-').map(Number)
    return sequence >= from && sequence <= to
  })
}
