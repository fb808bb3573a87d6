import type { Market } from '../lane.js'
import { openBarFiles } from './bar-files.js'
import { openDataFolder } from './data-folder.js'
import { openSynthetic } from './synthetic.js'

/** Where the rows come from: files of hourly bars, a folder of all four kinds, or the synthetic market of a seed. */
export interface MarketChoice {
  readonly bars: readonly string[]
  readonly data: string | undefined
  readonly seed: number
}

/** Opens the market that the options name. */
export async function openMarket({ bars, data, seed }: MarketChoice): Promise<Market> {
  return bars.length > 0 ? openBarFiles(bars) : data !== undefined ? openDataFolder(data) : openSynthetic(seed)
}
