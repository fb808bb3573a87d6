import { randomBytes } from 'node:crypto'
import { documentDigest, TradingError, type Environment } from '@gatehouse/contracts'
import { pinName } from '../manifest/snapshot-feed.js'
import type { RunOptions } from './options.js'

/** What a run was configured with, as JSON: the journal's first entry, and where a simulated backtest's id comes from. */
export function configOf(options: RunOptions, environment: Environment): Record<string, unknown> {
  const { time, feeds, broker, range, seed = 1, rates = {}, wrongSideStops = 'refuse', risk = [], models = [], shadows = [] } = options
  const describe = (model: (typeof models)[number]): { name: string; digest: string } => {
    const { name, digest } = 'model' in model ? model.model : model
    return { name, digest }
  }
  return {
    time,
    seed,
    feeds: feeds.map(({ name, schemas }) => ({ name, schemas: [...schemas] })),
    broker: {
      name: broker.name,
      environment,
      currency: broker.baseCurrency ?? 'USD',
      supports: broker.supports,
      conventions: [...(broker.simulation?.conventions ?? [])],
      settings: [...(broker.simulation?.settings ?? [])],
    },
    warmUp: warmUpNames(options.warmUp),
    range: range === undefined ? null : { from: String(range.from), to: String(range.to) },
    models: models.map(describe),
    shadows: shadows.map(describe),
    risk: risk.map(({ name, parameters = {} }) => ({ name, parameters: plainParameters(parameters) })),
    rates: { ...rates },
    wrongSideStops,
    checkpointEveryRows: options.journal?.checkpointEveryRows ?? null,
  }
}

/** Parameters as JSON has them: bigints as text. */
function plainParameters(parameters: Readonly<Record<string, unknown>>): unknown {
  return JSON.parse(JSON.stringify(parameters, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)))
}

/** What a run was warmed up with, in words that a journal keeps. */
export function warmUpNames(warmUp: RunOptions['warmUp'] = []): readonly { readonly from: string; readonly pin: string }[] {
  return [warmUp].flat().map(({ from, pin = 'latest' }) => ({ from: String(from), pin: pin === 'latest' ? pin : pinName(pin) }))
}

/**
 * The run's id, which its order ids begin with: derived from the configuration where nothing real is traded in virtual time, random otherwise.
 * @throws {TradingError} `OPTION_INVALID` for an id that brokers would not carry
 */
export function runIdOf(
  { runId, time }: RunOptions,
  { config, environment }: { readonly config: Record<string, unknown>; readonly environment: Environment },
): string {
  if (runId !== undefined) {
    if (!/^[A-Za-z0-9-]{1,20}$/.test(runId)) {
      throw new TradingError('OPTION_INVALID', `runId "${runId}" must be 1 to 20 letters, digits or dashes`, {
        option: 'runId',
        value: runId,
      })
    }
    return runId
  }
  if (time === 'backtest' && environment === 'simulated') return documentDigest(JSON.parse(JSON.stringify(config))).slice(0, 10)
  return randomBytes(5).toString('hex')
}
