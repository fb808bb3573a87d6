import { progressLine, type Progress } from '@gatehouse/core'

/** What a stage has to say when it is done: its first line beside the name, the others below. */
export type Telling = readonly string[]

const line = progressLine({
  write: (text) => void process.stderr.write(text),
  isTerminal: process.stderr.isTTY,
  columns: process.stderr.columns,
  now: () => performance.now(),
})
let number = 0

/** Runs one stage of the job: progress while it works, then its name, what came of it and how long it took. */
export async function stage<T>(
  name: string,
  work: (onProgress: (progress: Progress) => void) => Promise<readonly [T, Telling]>,
): Promise<T> {
  const started = performance.now()
  const [value, [first, ...rest]] = await work(line.update).finally(line.clear)
  const seconds = `${((performance.now() - started) / 1000).toFixed(1)} s`
  console.log(`${String(++number).padStart(2)}  ${name.padEnd(9)} ${first}  (${seconds})`)
  for (const more of rest) console.log(`${' '.repeat(14)}${more}`)
  return value
}

/** The first digits of a digest: enough to tell it apart, and to find it. */
export const short = (digest: string): string => digest.slice(0, 12)

export const count = (value: number): string => value.toLocaleString('en-US')

/** `1 file`, `5 files`. */
export const some = (value: number, what: string): string => `${count(value)} ${what}${value === 1 ? '' : 's'}`
export const percent = (fraction: number): string => `${(100 * fraction).toFixed(1)} %`

/** Does some work on every item, at most so many at once. */
export async function inParallel<T>(atOnce: number, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items]
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
