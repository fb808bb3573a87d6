import type { Progress } from '../interfaces/gate.js'

export interface ProgressLineOptions {
  /** Where the text goes: `(text) => process.stderr.write(text)`. */
  readonly write: (text: string) => void
  /** A terminal gets a bar redrawn in place, a log gets a line every ten seconds. */
  readonly isTerminal: boolean
  /** Width of the terminal, in characters; default 100. */
  readonly columns?: number | undefined
  /** Milliseconds; passed in so that tests and replays do not read a clock. */
  readonly now: () => number
}

/** Shows a long call's progress. `update` fits `CallOptions.onProgress`; `clear` takes the bar away. */
export interface ProgressLine {
  readonly update: (progress: Progress) => void
  readonly clear: () => void
}

const redrawMs = 100
const logMs = 10_000
const barWidth = 24

/** A progress bar with rate and time left, or log lines where nobody watches. */
export function progressLine({ write, isTerminal, columns = 100, now }: ProgressLineOptions): ProgressLine {
  let stage = ''
  let started = 0
  let startedAt = 0
  let shown = -Infinity
  let drawn = false
  const clear = (): void => {
    if (drawn) write('\r\u001b[2K')
    drawn = false
  }
  return {
    clear,
    update(progress) {
      const time = now()
      if (progress.stage !== stage) {
        stage = progress.stage
        started = progress.done
        startedAt = time
        // A log hears of a stage only once it has lasted.
        shown = isTerminal ? -Infinity : time
      }
      if (time - shown < (isTerminal ? redrawMs : logMs)) return
      shown = time
      const text = describe(progress, (progress.done - started) / Math.max(1, time - startedAt))
      if (isTerminal) {
        write(`\r\u001b[2K${text.slice(0, columns - 1)}`)
        drawn = true
      } else write(`${text}\n`)
    },
  }
}

/** Stage, bar, count and time left at the present rate (units a millisecond). */
function describe({ stage, done, total, unit = '' }: Progress, perMs: number): string {
  const count = `${thousands(done)}${total === undefined ? '' : ` of ${thousands(total)}`} ${unit}`.trimEnd()
  if (total === undefined || total <= 0) return `${stage}  ${count}`
  const fraction = Math.min(1, done / total)
  const filled = Math.round(fraction * barWidth)
  const left = perMs > 0 && done < total ? `  ${duration((total - done) / perMs)} left` : ''
  return `${stage}  [${'█'.repeat(filled)}${'·'.repeat(barWidth - filled)}] ${String(Math.floor(fraction * 100)).padStart(3)} %  ${count}${left}`
}

const thousands = (value: number): string => Math.round(value).toLocaleString('en-US')

function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  return seconds < 60
    ? `${seconds} s`
    : seconds < 3600
      ? `${Math.floor(seconds / 60)} min ${seconds % 60} s`
      : `${(seconds / 3600).toFixed(1)} h`
}
