export {
  freshData,
  dailyLossLimit,
  drawdownLimit,
  grossExposureLimit,
  orderNotionalLimit,
  orderRateLimit,
  positionLimit,
  unknownOrderLimit,
  priceCollar,
  sessionOnly,
} from './limits.js'
export { killLatch, type KillLatch, type KillRecord } from './kill-latch.js'
