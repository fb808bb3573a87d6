/**
 * How fast DBN is read, as multiples of a bare C loop over read(2) compiled here and now (where `cc` exists), in one run.
 *
 * node --conditions=@gatehouse/source --import tsx bench/databento.ts [--runs 5] [--scale 1] [--only text] [--zstd-node PATH] [--write]
 *
 * Input: 2 M MBP-10 (736 MB) and 8 M MBO (448 MB) times `--scale`, seed 0x9e3779b9, in the page cache; and the ES file of ../shared, repeated.
 * The official C++ decoder is at 0.90x of that loop on level 0 and at 0.74x on MBO (research/databento.md). Compressed files are held against the
 * same loop behind `zstd -dc`: no decoder is faster than what decompresses. `--zstd-node` names a Node from 22.15 on for that row.
 */
import { execFileSync, fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import {
  copyRun,
  createMetadata,
  databentoLive,
  encodeMetadata,
  hasNodeZstd,
  MbpBuilder,
  openDbn,
  type DbnSchema,
  type LiveFeedOptions,
  type RecordRun,
} from '@gatehouse/data-databento'
import { trialKey } from '@gatehouse/data-databento/testing'

const { values } = parseArgs({
  options: {
    runs: { type: 'string' },
    scale: { type: 'string' },
    only: { type: 'string', default: '' },
    'zstd-node': { type: 'string' },
    write: { type: 'boolean' },
  },
})
const load = loadavg()[0].toFixed(1)
const runs = Number(values.runs ?? 5)
const scale = Number(values.scale ?? 1)
const directory = mkdtempSync(join(tmpdir(), 'bench-databento-'))
const shared = process.env['GATEHOUSE_SHARED'] ?? fileURLToPath(new URL('../../shared', import.meta.url))

/** Deterministic records written straight as words: what is measured is reading. */
function generate(schema: DbnSchema, records: number): string {
  const path = join(directory, `${schema}.dbn`)
  const file = openSync(path, 'w')
  writeSync(file, encodeMetadata(createMetadata({ dataset: 'GLBX.MDP3', schema, start: 1n, symbols: ['ESZ3'] })))
  const stride = schema === 'mbo' ? 14 : 92
  const rtype = schema === 'mbo' ? 0xa0 : 0x0a
  const batch = 4096
  const words = new Uint32Array(batch * stride)
  const bytes = new Uint8Array(words.buffer)
  let state = 0x9e3779b9
  const random = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
  const price = (at: number, ticks: number): void => {
    const raw = ticks * 250_000_000
    words[at] = raw % 4294967296
    words[at + 1] = Math.floor(raw / 4294967296)
  }
  let mid = 18_000
  for (let done = 0; done < records; done += batch) {
    const count = Math.min(batch, records - done)
    for (let row = 0, w = 0; row < count; row += 1, w += stride) {
      const r = random()
      if ((r & 63) === 0) mid += (r & 64) === 0 ? -1 : 1
      words[w] = stride | (rtype << 8) | (1 << 16)
      words[w + 1] = 4242
      words[w + 2] = done + row
      words[w + 3] = 0x17979cfe
      if (schema === 'mbo') {
        words[w + 4] = r
        price(w + 6, mid + (r % 10))
        words[w + 8] = 1 + (r & 15)
        bytes[(w << 2) + 36] = 128
        bytes[(w << 2) + 38] = [65, 67, 77, 84][(r >>> 4) & 3]
        bytes[(w << 2) + 39] = 65 + (r & 1)
        words[w + 10] = done + row
        words[w + 11] = 0x17979cfe
      } else {
        price(w + 4, mid)
        words[w + 8] = done + row
        words[w + 9] = 0x17979cfe
        for (let level = 0, at = w + 12; level < 10; level += 1, at += 8) {
          price(at, mid - level)
          price(at + 2, mid + 1 + level)
          for (let field = 4; field < 8; field += 1) words[at + field] = (r >>> field) & 63
        }
      }
    }
    writeSync(file, bytes, 0, count * stride * 4)
  }
  closeSync(file)
  return path
}

const source = `
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
/* read(2) in chunks of 256 KiB, check each length, touch what MODE says. */
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec * 1e-9; }
int main(int argc, char** argv) {
  (void)argc;
  int mode = argv[2][0] == 'l' ? 0 : argv[2][0] == 'a' ? 1 : 2, fd = open(argv[1], O_RDONLY);
  size_t chunk = 1 << 18, have = 0, n = 0; int first = 1; int64_t sum = 0; ssize_t k;
  uint8_t* b = aligned_alloc(4096, chunk + 4096);
  double start = now();
  while ((k = read(fd, b + have, chunk)) > 0) {
    have += k; const uint8_t *p = b, *e = b + have;
    if (first) { uint32_t m; memcpy(&m, b + 4, 4); p += 8 + m; first = 0; }
    while (e - p >= 16 && e - p >= p[0] * 4) {
      if (p[0] < 4) return 3;
      if (mode == 0) { if (p[1] == 10) sum += *(const int64_t*)(p + 48); }
      else if (mode == 1) { if (p[1] == 10) for (int l = 0; l < 10; l++) { const uint8_t* q = p + 48 + l * 32; const uint32_t* u = (const uint32_t*)(q + 16);
        sum += *(const int64_t*)q + *(const int64_t*)(q + 8) + u[0] + u[1] + u[2] + u[3]; } }
      else if (p[1] == 0xA0 && p[38] != 'C') sum += *(const int64_t*)(p + 24);
      n++; p += p[0] * 4;
    }
    have = e - p; memmove(b, p, have);
  }
  printf("%.9f %zu %lld\\n", now() - start, n, (long long)sum);
}`

function compileLimit(): string | undefined {
  const program = join(directory, 'limit')
  writeFileSync(`${program}.c`, source)
  const { status } = spawnSync('cc', ['-O3', '-march=native', '-o', program, `${program}.c`])
  if (status !== 0) process.stderr.write('no cc here: rates without ratios\n')
  return status === 0 ? program : undefined
}

const limit = compileLimit()
const cRate = (file: string, mode: string): number => {
  const [command, ...args] = file.endsWith('.zst')
    ? ['sh', '-c', 'zstd -dcq "$1" | "$2" /dev/stdin "$3"', 'sh', file, limit as string, mode]
    : [limit as string, file, mode]
  const [seconds = '1', records = '0'] = execFileSync(command, args).toString().split(' ')
  return Number(records) / Number(seconds)
}

let sink = 0
const levelZero = ({ int32, uint32, wordOffset, stride, length }: RecordRun): void => {
  let sum = 0
  for (let w = wordOffset + 12, end = w + stride * length; w < end; w += stride) sum += int32[w + 1] * 4294967296 + uint32[w]
  sink += sum
}
const sixtyFields = ({ int32, uint32, wordOffset, stride, length }: RecordRun): void => {
  let sum = 0
  for (let w = wordOffset + 12, end = w + stride * length; w < end; w += stride) {
    for (let z = w, last = w + 80; z < last; z += 8) {
      sum +=
        int32[z + 1] * 4294967296 +
        uint32[z] +
        (int32[z + 3] * 4294967296 + uint32[z + 2]) +
        uint32[z + 4] +
        uint32[z + 5] +
        uint32[z + 6] +
        uint32[z + 7]
    }
  }
  sink += sum
}
const mboPrices = ({ int32, uint32, bytes, wordOffset, stride, length }: RecordRun): void => {
  let sum = 0
  for (let w = wordOffset, end = w + stride * length; w < end; w += stride) {
    if (bytes[(w << 2) + 38] !== 67) sum += int32[w + 7] * 4294967296 + uint32[w + 6]
  }
  sink += sum
}

const mbp = generate('mbp-10', Math.round(2_000_000 * scale))
const mbo = values.only === '.dbn.zst' ? '' : generate('mbo', Math.round(8_000_000 * scale))
const runsOf = async (file: string, handle: (run: RecordRun) => void): Promise<number> => (await openDbn(file)).forEachRun(handle)

interface Case {
  readonly name: string
  readonly file: string
  readonly mode: 'l0' | 'all' | 'mbo'
  readonly wanted: number
  readonly read: () => Promise<number>
}
const cases: Case[] = [
  { name: 'runs, bid price of level 0', file: mbp, mode: 'l0', wanted: 1.05, read: () => runsOf(mbp, levelZero) },
  { name: 'runs, all 60 level fields', file: mbp, mode: 'all', wanted: 0.55, read: () => runsOf(mbp, sixtyFields) },
  { name: 'runs, MBO price by action', file: mbo, mode: 'mbo', wanted: 0.8, read: () => runsOf(mbo, mboPrices) },
  {
    name: 'cursor, bid price of level 0',
    file: mbp,
    mode: 'l0',
    wanted: 0.7,
    read: async () => (await openDbn(mbp)).forEach((record) => void (record.type === 'mbp-10' && (sink += record.bidPx(0)))),
  },
  {
    name: 'columns, bid price of level 0',
    file: mbp,
    mode: 'l0',
    wanted: 0.7,
    read: async () => {
      let records = 0
      for await (const { bidPx00, length } of (await openDbn(mbp)).columns(['bidPx00'])) {
        const prices = bidPx00 as Float64Array
        for (let row = 0; row < length; row += 1) sink += prices[row]
        records += length
      }
      return records
    },
  },
  { name: 'objects, MBP-10', file: mbp, mode: 'l0', wanted: 0.15, read: () => objects(mbp) },
  { name: 'objects, MBO', file: mbo, mode: 'mbo', wanted: 0.15, read: () => objects(mbo) },
]
async function objects(file: string): Promise<number> {
  let records = 0
  for await (const list of (await openDbn(file)).recordLists()) {
    for (const record of list) sink += record.instrumentId
    records += list.length
  }
  return records
}

interface Row {
  readonly name: string
  readonly rate: string
  readonly ratio: string
  readonly wanted: string
  readonly isMet: boolean | undefined
}

/** Best of alternations, so that another program's burst does not favour one side. */
async function compare({ name, file, mode, wanted, read }: Case): Promise<Row> {
  let [ours, theirs] = [0, 0]
  for (let turn = 0; turn < runs; turn += 1) {
    if (limit !== undefined) theirs = Math.max(theirs, cRate(file, mode))
    const start = performance.now()
    const records = await read()
    ours = Math.max(ours, (records / (performance.now() - start)) * 1000)
  }
  const rate = `${(ours / 1e6).toFixed(2)} M/s`
  if (limit === undefined) return { name, rate, ratio: '-', wanted: `${wanted.toFixed(2)}x`, isMet: undefined }
  const ratio = ours / theirs
  return {
    name,
    rate,
    ratio: `${ratio.toFixed(2)}x of ${(theirs / 1e6).toFixed(2)}`,
    wanted: `${wanted.toFixed(2)}x`,
    isMet: ratio >= wanted,
  }
}

const rows: Row[] = []
const add = (row: Row): void => {
  rows.push(row)
  process.stderr.write(`${row.name}: ${row.rate} ${row.ratio} (wanted ${row.wanted})\n`)
}
const isWanted = (name: string): boolean => name.includes(values.only)
for (const one of cases) if (isWanted(one.name)) add(await compare(one))

// Compressed: node:zlib decompresses on the thread pool while records are decoded.
if (isWanted('.dbn.zst') && spawnSync('zstd', ['-q', '-f', '-3', '-k', mbp, '-o', `${mbp}.zst`]).status === 0) {
  const read = (): Promise<number> => runsOf(`${mbp}.zst`, levelZero)
  const backend = hasNodeZstd ? `node:zlib of Node ${process.versions.node.split('.')[0]}` : 'our WebAssembly'
  add(await compare({ name: `runs from .dbn.zst (${backend})`, file: `${mbp}.zst`, mode: 'l0', wanted: hasNodeZstd ? 0.45 : 0.15, read }))
  const node = values['zstd-node']
  if (node !== undefined) {
    const self = [
      ...process.execArgv,
      fileURLToPath(import.meta.url),
      '--only',
      '.dbn.zst',
      '--runs',
      String(runs),
      '--scale',
      String(scale),
    ]
    // A missed target ends it with 1, which is a result all the same.
    const { stdout } = spawnSync(node, self, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
    const printed = /^rows (.*)$/m.exec(stdout)
    if (printed === null) throw new Error(`${node} printed no result`)
    rows.push(...(JSON.parse(printed[1]) as Row[]))
  }
} else if (isWanted('.dbn.zst')) process.stderr.write('no zstd command here: .dbn.zst was not measured\n')

// MBO to MBP-10 on a real file, repeated.
const es = join(shared, 'data/l2-cme/esh4-glbx-mdp3-20231225.mbo.dbn.zst')
if (isWanted('MBP-10, ES') && existsSync(es)) {
  const day: RecordRun[] = []
  const messages = await runsOf(es, (run) => void day.push(copyRun(run)))
  let best = 0
  for (let turn = 0; turn < runs * 4; turn += 1) {
    const start = performance.now()
    for (let repeat = 0; repeat < 5; repeat += 1) {
      const builder = new MbpBuilder()
      for (const run of day) builder.apply(run, (out) => void (sink += out.length))
    }
    best = Math.max(best, ((5 * messages) / (performance.now() - start)) * 1000)
  }
  add({ name: 'MBO to MBP-10, ES', rate: `${(best / 1e6).toFixed(2)} M messages/s`, ratio: '', wanted: '3 M/s', isMet: best >= 3e6 })
} else if (isWanted('MBP-10, ES')) process.stderr.write(`no ${es}: MBO to MBP-10 was not measured\n`)

if (isWanted('live')) {
  let best = await liveRate()
  for (let turn = 1; turn < runs; turn += 1) best = Math.max(best, await liveRate())
  add({
    name: 'live, MBO over loopback into feed batches',
    rate: `${(best / 1e6).toFixed(2)} M records/s`,
    ratio: '',
    wanted: '5 M/s',
    isMet: best >= 5e6,
  })
  const { p50, p99, rate } = await liveLatency()
  add({
    name: `live at ${Math.round(rate / 1000)} k records/s, from before the socket's write to the handler`,
    rate: `p50 ${p50.toFixed(3)} ms, p99 ${p99.toFixed(3)} ms`,
    ratio: '',
    wanted: 'p99 < 1 ms',
    isMet: p99 < 1,
  })
}

/** A bare gateway that sends prepared bytes as fast as the socket takes them. */
async function liveRate(): Promise<number> {
  const records = Math.round(5_000_000 * scale)
  const chunk = Buffer.alloc(56 * 8192)
  for (let at = 0; at < chunk.length; at += 56) {
    chunk.writeUInt32LE(14 | (0xa0 << 8) | (1 << 16), at)
    chunk.writeUInt32LE(1, at + 4)
    chunk.writeBigUInt64LE(1_700_000_000_000_000_000n, at + 8)
    chunk.writeBigUInt64LE(1_700_000_000_000_000_000n, at + 40)
    chunk.write('AB', at + 38, 'latin1')
  }
  const server = createServer((socket) => {
    socket.write('lsg_version=bench\ncram=bench\n')
    let stage = 0
    socket.on('data', () => {
      stage += 1
      if (stage === 1) socket.write('success=1|session_id=1\n')
      else if (stage === 2) {
        socket.write(encodeMetadata(createMetadata({ dataset: 'GLBX.MDP3', start: 1n })))
        let left = records
        const pump = (): void => {
          while (left > 0) {
            left -= 8192
            if (!socket.write(chunk)) {
              socket.once('drain', pump)
              return
            }
          }
        }
        pump()
      }
    })
    socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const feed = databentoLive(liveOptions((server.address() as AddressInfo).port))
  let [count, start, best] = [0, 0, 0]
  for await (const item of feed.batches({ from: 0n, to: 2n ** 62n })) {
    if (item.type !== 'batch') continue
    if (start === 0) start = performance.now()
    count += item.length
    best = (count / (performance.now() - start)) * 1000
    if (count >= records) break
  }
  server.close()
  return best
}

function liveOptions(port: number): LiveFeedOptions {
  return {
    apiKey: trialKey,
    dataset: 'GLBX.MDP3',
    schemas: ['mbo'],
    symbols: 'ALL_SYMBOLS',
    host: '127.0.0.1',
    port,
    instrument: ({ symbol }) => ({
      id: symbol,
      symbol,
      venue: 'X',
      assetClass: 'future',
      currency: 'USD',
      tickSize: 0.25,
      lotSize: 1,
      multiplier: 50,
      calendar: 'CMES',
    }),
  }
}

/**
 * At 100,000 records a second, from before the write of a packet to the handler of the feed batch it comes in: the socket's read lies between,
 * so this is an upper bound of read-to-handler. The gateway runs in a process of its own; the time of the write, on the clock that both share, travels as ts_recv.
 */
async function liveLatency(): Promise<{ p50: number; p99: number; rate: number }> {
  const gateway = fork(fileURLToPath(new URL('./databento/gateway.ts', import.meta.url)))
  const [port] = (await once(gateway, 'message')) as [number]
  const feed = databentoLive(liveOptions(port))
  const latencies = new Float64Array(3000)
  let [started, packets, received] = [0, 0, 0]
  for await (const item of feed.batches({ from: 0n, to: 2n ** 62n })) {
    if (item.type === 'feed-status') {
      if (started === 0) gateway.send('begin')
      started ||= performance.now()
      continue
    }
    const now = Number(process.hrtime.bigint())
    // The first second warms up both ends.
    if (performance.now() - started < 1000) continue
    for (let row = 0; row < item.length && packets < latencies.length; row += 100)
      latencies[packets++] = (now - Number(item.availableAt[row])) / 1e6
    received += item.length
    if (packets === latencies.length) break
  }
  const rate = (received / (performance.now() - started - 1000)) * 1000
  gateway.disconnect()
  latencies.sort()
  return { p50: latencies[1500], p99: latencies[2970], rate }
}

const verdict = ({ isMet }: Row): string => (isMet === undefined ? '' : isMet ? 'met' : 'MISSED')
const cells = [
  ['what', 'rate', 'of the C loop', 'wanted', ''],
  ...rows.map((row) => [row.name, row.rate, row.ratio, row.wanted, verdict(row)]),
]
const table = cells.map((row) => `| ${row.join(' | ')} |`)
table.splice(1, 0, '|---|---|---|---|---|')
const missed = rows.filter(({ isMet }) => isMet === false).length
const text = `${table.join('\n')}\n\n${rows.length - missed} met, ${missed} missed.\n`
console.log(text)
console.log(`rows ${JSON.stringify(rows)}`)
if (sink === 0) console.log('nothing was read')
if (values.write === true) {
  const machine = `Node ${process.version}, ${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}, best of ${runs} alternations, scale ${scale}, seed 0x9e3779b9`
  writeFileSync(
    fileURLToPath(new URL('../proof/databento-bench.md', import.meta.url)),
    `# DBN speed

${machine}. Command: \`npm run bench -- databento --runs ${runs} --write\`${values['zstd-node'] === undefined ? '' : ', with `--zstd-node` a newer Node'}.
The C loop is read(2) in pieces of 256 KiB, compiled here with -O3; for .dbn.zst it reads from \`zstd -dc\`. The machine is shared (load average ${load} at the start, ${loadavg()[0].toFixed(1)} at the end): what needs the second core, reading ahead first of all, suffers.

${text}`,
  )
}
rmSync(directory, { recursive: true })
process.exit(missed === 0 ? 0 : 1)
