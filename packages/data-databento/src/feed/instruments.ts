import { equity, future, isTradingError, option, TradingError, type Instrument } from '@gatehouse/core'
import { publishers } from '../layout/publishers.js'
import type { DefinitionRecord } from '../records/generated/index.js'

/** How the dataset names an instrument, and what it says about it. */
export interface InstrumentName {
  readonly dataset: string
  readonly symbol: string
  readonly instrumentId: number
  readonly publisherId: number
  /** Its definition, when one came before. */
  readonly definition?: DefinitionRecord | undefined
}

/** Makes the instrument that a name stands for. */
export type InstrumentResolver = (name: InstrumentName) => Instrument

const futures = /^(GLBX|IFEU|IFUS|IFLL|NDEX|XEUR|XEEE|XCBF)\./

/**
 * The instrument of a name: by its definition where there is one, else by the dataset: futures by what core knows of their root, options of
 * OPRA, and shares for all others.
 * @throws {TradingError} `DATABENTO_INSTRUMENT` for a future whose contract size nobody stated
 */
export function defaultInstrument(name: InstrumentName): Instrument {
  const { dataset, symbol, publisherId, definition } = name
  const venue = publishers.get(publisherId)?.venue
  if (definition !== undefined) return fromDefinition(symbol, definition, venue)
  if (dataset.startsWith('OPRA.')) return option(symbol)
  if (!futures.test(dataset)) return equity(symbol, { venue })
  try {
    return future(symbol)
  } catch (cause) {
    if (!isTradingError(cause)) throw cause
    throw new TradingError(
      'DATABENTO_INSTRUMENT',
      `the contract size of ${symbol} (${dataset}) is not known: read its definitions first, or pass { instrument: (name) => … }`,
      { dataset, symbol },
      { cause },
    )
  }
}

/** Currency units a price unit is worth: what CME calls the quantity of its unit of measure. */
function multiplierOf({ contractMultiplier, unitOfMeasureQty }: DefinitionRecord): number | undefined {
  if (Number.isFinite(unitOfMeasureQty) && unitOfMeasureQty > 0) return unitOfMeasureQty
  return contractMultiplier > 0 && contractMultiplier < 0x7fffffff ? contractMultiplier : undefined
}

function fromDefinition(symbol: string, definition: DefinitionRecord, publisherVenue: string | undefined): Instrument {
  const { instrumentClass, minPriceIncrement, currency, exchange, expiration, activation } = definition
  const time = (ns: bigint): bigint | undefined => (ns === 0xffffffffffffffffn || ns === 0n ? undefined : ns)
  const common = {
    venue: exchange === '' ? publisherVenue : exchange,
    currency: currency === '' ? undefined : currency,
    // A missing or zero increment says nothing; the default of the asset class stands.
    tickSize: minPriceIncrement > 0 ? minPriceIncrement : undefined,
    listedAt: time(activation),
    expiresAt: time(expiration),
  }
  switch (instrumentClass) {
    case 'F':
    case 'S':
      return future(symbol, { ...common, multiplier: multiplierOf(definition), tickSize: common.tickSize ?? 0.01 })
    case 'C':
    case 'P':
    case 'T':
      return option(symbol, { ...common, multiplier: multiplierOf(definition) })
    default:
      return equity(symbol, common)
  }
}
