/**
 * Bytes that a call leaves on the heap: the least of many rounds, since what the compiler does in the middle of one is left there, too. Run with `--expose-gc`.
 * @param prepare before each round, not measured
 */
export function bytesPer(calls: number, act: (call: number) => void, prepare: () => void = () => undefined): number {
  const collect = (globalThis as { gc?: () => void }).gc
  if (collect === undefined) throw new Error('run with --expose-gc')
  let least = Infinity
  for (let round = 0; round < 60; round++) {
    prepare()
    collect()
    const before = process.memoryUsage().heapUsed
    for (let call = 0; call < calls; call++) act(call)
    least = Math.min(least, (process.memoryUsage().heapUsed - before) / calls)
  }
  return least
}
