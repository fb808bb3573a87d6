/*
 * The sender of the latency bench, in a process of its own: the gateway simulator, which publishes a packet of 100 MBO records every millisecond once its
 * parent says so, until the parent ends it. Each record carries the monotonic time, common to both processes, just before its write, as ts_event and ts_recv.
 */
import { gatewaySimulator, trialKey } from '@gatehouse/data-databento/testing'

const gateway = await gatewaySimulator({ apiKey: trialKey })
const perMs = 100
const packet = Buffer.alloc(56 * perMs)
for (let at = 0; at < packet.length; at += 56) {
  packet.writeUInt32LE(14 | (0xa0 << 8) | (1 << 16), at)
  packet.writeUInt32LE(1, at + 4)
  packet.writeBigUInt64LE(1n, at + 16)
  packet.write('NN', at + 38, 'latin1')
}
process.once('message', () => {
  const started = performance.now()
  let sent = 0
  // A late timer sends what it owes, a packet each: the rate holds.
  setInterval(() => {
    for (; sent < (performance.now() - started) * perMs; sent += perMs) {
      const now = process.hrtime.bigint()
      for (let at = 0; at < packet.length; at += 56) {
        packet.writeBigUInt64LE(now, at + 8)
        packet.writeBigUInt64LE(now, at + 40)
      }
      gateway.publishBytes(packet)
    }
  }, 1)
})
process.once('disconnect', () => process.exit(0))
process.send?.(gateway.port)
