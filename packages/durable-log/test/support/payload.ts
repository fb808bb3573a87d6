import { seededRandom } from '@gatehouse/durable-log/testing'

/** A payload that says which attempt it is and whose every byte follows from that, so that a reader can tell a record that nobody wrote. */
export function makePayload(seed: number, run: number, attempt: number): Buffer {
  const random = seededRandom((seed * 31 + run) * 1_000_003 + attempt)
  const draw = random()
  // Mostly small records; some larger than a page, few larger than a segment.
  const size = draw < 0.7 ? Math.floor(random() * 300) : draw < 0.97 ? Math.floor(random() * 6_000) : Math.floor(random() * 200_000)
  const label = `${seed}.${run}.${attempt}|`
  const bytes = Buffer.alloc(label.length + size, 256 * random())
  bytes.write(label, 'latin1')
  return bytes
}

/** Which attempt wrote `payload`; undefined when none did. */
export function attemptOf(payload: Uint8Array): { seed: number; run: number; attempt: number } | undefined {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length)
  const match = /^(\d+)\.(\d+)\.(\d+)\|/.exec(bytes.toString('latin1', 0, 64))
  if (match === null) return undefined
  const [seed, run, attempt] = match.slice(1).map(Number)
  return makePayload(seed, run, attempt).equals(bytes) ? { seed, run, attempt } : undefined
}
