import { TradingError } from '@gatehouse/core'
import { mkdir, open, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { writeAll } from './write-all.js'

/** How much may be spent. Both limits need a cost estimate (a free call) before every billed call. */
export interface BudgetOptions {
  /** Most that one call may cost, USD. */
  readonly maxCostUsd?: number | undefined
  /** Most that the calls of a month (UTC) may cost together, USD. Needs `ledger`. */
  readonly maxCostPerMonthUsd?: number | undefined
  /** File that keeps what was spent, a JSON line a call; may be shared by processes. */
  readonly ledger?: string | undefined
  /** The machine's clock, ms since the epoch. */
  readonly now?: (() => number) | undefined
}

interface Entry {
  readonly at: string
  readonly endpoint: string
  readonly costUsd: number
  readonly request: string
}

/** Guards billed calls, and remembers them on disk before they are sent. */
export class Budget {
  readonly #options: BudgetOptions

  /** @throws {TradingError} `DATABENTO_BUDGET` when a limit is no amount, or a month is limited and there is no ledger to remember it in */
  constructor(options: BudgetOptions = {}) {
    this.#options = options
    requireAmount('maxCostUsd', options.maxCostUsd)
    requireAmount('maxCostPerMonthUsd', options.maxCostPerMonthUsd)
    if (options.maxCostPerMonthUsd !== undefined && options.ledger === undefined) {
      throw new TradingError(
        'DATABENTO_BUDGET',
        'maxCostPerMonthUsd needs a ledger file, so that a restart does not forget what was spent',
        {},
      )
    }
  }

  /** True when a call has to be estimated before it is sent. */
  needsEstimate(maxCostUsd: number | undefined): boolean {
    return maxCostUsd !== undefined || this.#options.maxCostUsd !== undefined || this.#options.ledger !== undefined
  }

  /**
   * Checks a call against the limits and writes it to the ledger, durably, before it is sent: a crash counts it, not forgets it.
   * @throws {TradingError} `DATABENTO_BUDGET` with cost and limit
   */
  async spend(endpoint: string, request: string, costUsd: number, maxCostUsd: number | undefined): Promise<void> {
    if (!Number.isFinite(costUsd) || costUsd < 0)
      throw new TradingError('DATABENTO_BUDGET', `the cost of ${endpoint} is not known (${costUsd}): refused`, { costUsd })
    requireAmount('maxCostUsd', maxCostUsd)
    const limit = Math.min(maxCostUsd ?? Infinity, this.#options.maxCostUsd ?? Infinity)
    if (costUsd > limit) {
      throw new TradingError(
        'DATABENTO_BUDGET',
        `${endpoint} would cost ${usd(costUsd)}, the limit of a call is ${usd(limit)}: narrow the request or raise maxCostUsd`,
        { costUsd, limit },
      )
    }
    const { ledger, maxCostPerMonthUsd = Infinity, now = Date.now } = this.#options
    if (ledger === undefined) return
    const at = new Date(now()).toISOString()
    const refuseAbove = (spent: number): void => {
      if (spent + costUsd <= maxCostPerMonthUsd) return
      throw new TradingError(
        'DATABENTO_BUDGET',
        `${endpoint} would cost ${usd(costUsd)}; ${usd(spent)} of the ${usd(maxCostPerMonthUsd)} of ${at.slice(0, 7)} are spent`,
        { costUsd, spent, limit: maxCostPerMonthUsd },
      )
    }
    refuseAbove(await this.spentInMonth(at.slice(0, 7)))
    await append(ledger, { at, endpoint, costUsd, request })
    // Added up again: of two calls at a time, from whatever process, at least one sees the other.
    try {
      refuseAbove((await this.spentInMonth(at.slice(0, 7))) - costUsd)
    } catch (error) {
      await append(ledger, { at, endpoint, costUsd: -costUsd, request: 'refused, not sent' })
      throw error
    }
  }

  /** Spent in a month `YYYY-MM` (UTC) by the ledger, USD. */
  async spentInMonth(month: string): Promise<number> {
    const { ledger } = this.#options
    if (ledger === undefined) return 0
    const lines = (await readIfThere(ledger)).split('\n').filter((line) => line !== '')
    return lines.reduce((sum, line, index) => {
      const entry = parse(line, ledger, index)
      return entry.at.startsWith(month) ? sum + entry.costUsd : sum
    }, 0)
  }
}

/** `NaN` compares as false with everything: as a limit it would let every cost pass. */
function requireAmount(name: string, amount: number | undefined): void {
  if (amount === undefined || amount >= 0) return
  throw new TradingError('DATABENTO_BUDGET', `${name} is ${amount}: it must be an amount in USD from 0 on`, { [name]: amount })
}

const usd = (amount: number): string => `$${amount.toFixed(4)}`

/** An unreadable ledger is no permission: what was spent is then unknown. */
function parse(line: string, ledger: string, index: number): Entry {
  try {
    const entry = JSON.parse(line) as Entry
    if (/^\d{4}-\d{2}-\d{2}T/.test(entry.at) && Number.isFinite(entry.costUsd)) return entry
  } catch {
    // Reported below.
  }
  throw new TradingError(
    'DATABENTO_BUDGET',
    `line ${index + 1} of the ledger ${ledger} cannot be read, so what was spent is not known: mend or move the file`,
    { ledger, line: index + 1 },
  )
}

async function readIfThere(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

async function append(file: string, entry: Entry): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const handle = await open(file, 'a')
  try {
    await writeAll(handle, Buffer.from(`${JSON.stringify(entry)}\n`))
    await handle.sync()
  } finally {
    await handle.close()
  }
}
