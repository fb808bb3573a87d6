/** Every reader and transform that the kit has for bars and books, in two sets: what parity is proved for. */
import {
  averageTrueRange,
  barReaders,
  bookWidth,
  chain,
  combine,
  dayOfWeek,
  difference,
  drawdown,
  efficiency,
  ewma,
  ewmaVolatility,
  feature,
  featureSet,
  followedBy,
  identity,
  imbalance,
  isAction,
  lag,
  levelDistance,
  levelSize,
  log,
  logReturn,
  micropriceDeviation,
  mid,
  orderFlowImbalance,
  orderSizeRatio,
  over,
  queueRatio,
  rangePosition,
  relativeStrength,
  rollingMax,
  rollingMean,
  rollingMin,
  rollingStd,
  rollingSum,
  secondsBetween,
  spreadTicks,
  timeOfDay,
  tradeFlow,
  volumeByHour,
  wilder,
  zScore,
  type FeatureSet,
} from '@gatehouse/model-kit'

/** Bars of a second, with bars of a minute carried forward beside them. */
export function barSet(source: string): FeatureSet {
  const { open, high, low, close, volume, logVolume, range, closePosition, gap } = barReaders('ohlcv-1s')
  const minute = barReaders('ohlcv-1m')
  return featureSet(
    [
      feature('return', 'return-log', over(close, logReturn(1))),
      feature('return-60', 'return-log', over(close, logReturn(60))),
      feature('standardised', 'deviations', over(close, chain(logReturn(1), combine('/', identity, ewmaVolatility(120), (x, s) => (s > 0 ? x / s : 0))))), // prettier-ignore
      feature('mean', 'price', over(close, rollingMean(300))),
      feature('deviation', 'price', over(close, rollingStd(300))),
      feature('z', 'deviations', over(close, zScore(120))),
      feature('high', 'price', over(high, rollingMax(90))),
      feature('low', 'price', over(low, rollingMin(90))),
      feature('position', 'fraction', over(close, rangePosition(200))),
      feature('drawdown', 'fraction', over(close, drawdown(600))),
      feature('efficiency', 'fraction', over(close, efficiency(60))),
      feature('strength', 'dimensionless', over(close, relativeStrength(14))),
      feature('true-range', 'fraction', averageTrueRange('ohlcv-1s', 14)),
      feature('range', 'dimensionless', over(range, wilder(20))),
      feature('open', 'log-price', over(open, chain(log, difference(30)))),
      feature('volume', 'shares', over(volume, rollingSum(60))),
      feature('log-volume', 'dimensionless', over(logVolume, ewma(45))),
      feature('volume-by-hour', 'deviations', volumeByHour('ohlcv-1s', 100), { missing: 'flag' }),
      feature('body', 'return-log', over(gap, lag(3))),
      feature('close-position', 'fraction', over(closePosition, identity)),
      feature('time', 'dimensionless', timeOfDay('ohlcv-1s', 0.25, -5)),
      feature('day', 'dimensionless', dayOfWeek('ohlcv-1s')),
      feature('minute-return', 'return-log', over(minute.close, logReturn(5)), { missing: 'carry-forward' }),
      feature('minute-volatility', 'return-log', over(minute.close, chain(logReturn(1), ewmaVolatility(20))), { missing: 'carry-forward' }),
    ],
    { source },
  )
}

/** Ten levels, event by event. */
export function bookSet(source: string): FeatureSet {
  return featureSet(
    [
      feature('mid-return', 'return-log', over(mid, logReturn(20))),
      feature('spread', 'ticks', over(spreadTicks, ewma(50))),
      feature('imbalance-1', 'fraction', over(imbalance(1), identity)),
      feature('imbalance-5', 'fraction', over(imbalance(5), rollingMean(25))),
      feature('microprice', 'fraction', over(micropriceDeviation, ewma(10))),
      feature('bid-distance', 'ticks', over(levelDistance('bid', 4), identity), { missing: 'flag' }),
      feature('ask-size', 'log-size', over(levelSize('ask', 9), zScore(100))),
      feature('queues', 'log-ratio', over(queueRatio, rollingStd(40))),
      feature('order-size', 'log-ratio', over(orderSizeRatio, ewma(30)), { missing: 'zero' }),
      feature('width', 'ticks', over(bookWidth(10), rollingMax(60)), { missing: 'carry-forward' }),
      feature('trade-flow', 'shares', over(tradeFlow, rollingSum(200))),
      feature('cancels', 'fraction', over(isAction('C'), ewma(100))),
      feature('flow-imbalance', 'shares', followedBy(orderFlowImbalance(0), ewma(40))),
      feature('event-gap', 'seconds', followedBy(secondsBetween(60), ewma(50))),
    ],
    { source },
  )
}
