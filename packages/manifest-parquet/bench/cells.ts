/** One measurement a process: `cells.ts <cell> <json>`; prints one JSON line with milliseconds and peak memory. */
import { closeSync, fstatSync, fsyncSync, linkSync, mkdirSync, openSync, readSync, statSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { parquetMetadataAsync, parquetRead, type AsyncBuffer } from 'hyparquet'
import { fileWriter, ParquetWriter } from 'hyparquet-writer'
import { createBatch, etf, type Batch } from '@gatehouse/core'
import { DeltaLog, fileSource, openManifest, ParquetEncoder, ParquetFile, type Codec, type NumericArray } from '@gatehouse/manifest-parquet'
import { allocate, batches, batchRows, type DataSet, dataSet, projection, requireEqual, type SetName } from './data.js'
import { loadDuckDB } from './peers.js'

export interface CellOptions {
  readonly set: SetName
  readonly rows: number
  readonly folder: string
  readonly file: string
  readonly variant?: string
  readonly only?: boolean
  readonly check?: boolean
}

/** Row groups on their way while one is decoded. */
const groupsAhead = 2

type Cell = (set: DataSet, options: CellOptions) => Promise<{ ms: number; bytes?: number; note?: string }>

const cells: Record<string, Cell> = {
  async 'write ours'(set, { file, variant }) {
    const clock = { ms: 0 }
    const start = performance.now()
    const encoder = new ParquetEncoder({ columns: set.columns, codec: variant as Codec })
    const fd = openSync(file, 'w')
    for (const batch of batches(set, clock)) writeSync(fd, encoder.rowGroup(set.columns.map(({ name }) => batch[name])))
    writeSync(fd, encoder.finish())
    closeSync(fd)
    return { ms: performance.now() - start - clock.ms, bytes: statSync(file).size }
  },

  async 'write hyparquet-writer'(set, { file }) {
    const clock = { ms: 0 }
    const start = performance.now()
    const schema = [
      { name: 'root', num_children: set.columns.length },
      ...set.columns.map(({ name, type }) => ({ name, type: type as 'INT32', repetition_type: 'REQUIRED' as const })),
    ]
    const writer = new ParquetWriter({ writer: fileWriter(file), schema })
    for (const batch of batches(set, clock)) {
      await writer.write({ columnData: set.columns.map(({ name }) => ({ name, data: batch[name] })), rowGroupSize: batchRows })
    }
    await writer.finish()
    return { ms: performance.now() - start - clock.ms, bytes: statSync(file).size }
  },

  async 'write duckdb'(set, { file, variant = 'zstd-V2' }) {
    const duckdb = loadDuckDB()!
    const [compression, version] = variant.split('-')
    const types = { INT64: duckdb.BIGINT, INT32: duckdb.INTEGER, DOUBLE: duckdb.DOUBLE, FLOAT: duckdb.DOUBLE, TEXT: duckdb.INTEGER }
    const instance = await duckdb.DuckDBInstance.create(':memory:', { threads: '2' })
    const connection = await instance.connect()
    const clock = { ms: 0 }
    const start = performance.now()
    const source = batches(set, clock)
    let batch: Record<string, NumericArray> | undefined
    let at = batchRows
    connection.registerTableFunction(
      duckdb.DuckDBTableFunction.create({
        name: 'source',
        bindFunction(bind) {
          for (const { name, type } of set.columns) bind.addResultColumn(name, types[type])
          bind.setCardinality(set.rows, true)
        },
        initFunction: (init) => init.setMaxThreads(1),
        mainFunction(_info, out) {
          if (at >= batchRows) {
            const next = source.next()
            batch = next.done ? undefined : next.value
            at = 0
          }
          if (!batch) return void (out.rowCount = 0)
          const rows = Math.min(2048, batchRows - at)
          out.rowCount = rows
          set.columns.forEach(({ name }, index) => {
            const vector = out.getColumnVector(index)
            vector.items.set(batch![name].subarray(at, at + rows))
            vector.flush()
          })
          at += rows
        },
      }),
    )
    const level = compression === 'zstd' ? ', COMPRESSION_LEVEL 1' : ''
    await connection.run(
      `COPY (SELECT * FROM source()) TO '${file}' (FORMAT PARQUET, COMPRESSION ${compression}${level}, ROW_GROUP_SIZE ${batchRows}, PARQUET_VERSION ${version})`,
    )
    return { ms: performance.now() - start - clock.ms, bytes: statSync(file).size }
  },

  async 'read ours'(set, { file, only, check }) {
    const names = only ? projection[set.name] : set.columns.map(({ name }) => name)
    const start = performance.now()
    const target = allocate(set, names)
    const parquet = await ParquetFile.open(await fileSource(file))
    let at = 0
    const fetching: ReturnType<typeof parquet.fetchGroup>[] = []
    for (let group = 0, next = 0; group < parquet.groups; group++) {
      while (next < parquet.groups && next <= group + groupsAhead) fetching.push(parquet.fetchGroup(next++, names))
      const bytes = await fetching.shift()!
      const rows = parquet.groupRows(group)
      const reuse = new Map(names.map((name) => [name, target[name].subarray(at, at + rows)]))
      await parquet.decodeGroup(group, names, bytes, { reuse })
      at += rows
    }
    await parquet.close()
    const ms = performance.now() - start
    if (check) requireEqual(set, target)
    return { ms }
  },

  async 'read duckdb'(set, { file, only, check }) {
    const names = only ? projection[set.name] : set.columns.map(({ name }) => name)
    const instance = await loadDuckDB()!.DuckDBInstance.create(':memory:', { threads: '2' })
    const connection = await instance.connect()
    const start = performance.now()
    const target = allocate(set, names)
    const result = await connection.stream(`SELECT ${names.join(', ')} FROM read_parquet('${file}')`)
    let at = 0
    for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
      for (const [index, name] of names.entries()) target[name].set(chunk.getColumnVector(index).items as never, at)
      at += chunk.rowCount
    }
    const ms = performance.now() - start
    if (check) requireEqual(set, target)
    return { ms }
  },

  async 'read hyparquet'(set, { file, only, check }) {
    const names = only ? projection[set.name] : set.columns.map(({ name }) => name)
    const { compressors } = await import('hyparquet-compressors')
    const start = performance.now()
    const target = allocate(set, names)
    const fd = openSync(file, 'r')
    const buffer: AsyncBuffer = {
      byteLength: fstatSync(fd).size,
      slice(from, to = fstatSync(fd).size) {
        const bytes = new Uint8Array(to - from)
        readSync(fd, bytes, 0, bytes.length, from)
        return bytes.buffer
      },
    }
    const metadata = await parquetMetadataAsync(buffer)
    await parquetRead({
      file: buffer,
      metadata,
      columns: [...names],
      compressors,
      onPage: ({ pathInSchema, columnData, rowStart }) => target[pathInSchema[0]].set(columnData as never, rowStart),
    })
    closeSync(fd)
    const ms = performance.now() - start
    if (check) requireEqual(set, target)
    return { ms }
  },

  /** A manifest of `rows` book rows over five instruments, written through append and commit. */
  async 'manifest write'(set, { file }) {
    const clock = { ms: 0 }
    let made = 0
    const start = performance.now()
    await using manifest = await openManifest({ directory: file })
    let sequence = 0
    for (const batch of marketBatches(set, clock, (ms) => (made += ms))) {
      await manifest.append(batch, { appId: 'bench', sequence: sequence++ })
      if (sequence % 4 === 0) await manifest.commit()
    }
    await manifest.commit()
    const files = await manifest.at('latest').files()
    return {
      ms: performance.now() - start - clock.ms - made,
      bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
      note: `${files.length} files`,
    }
  },

  async 'manifest scan'(set, { file }) {
    await using manifest = await openManifest({ directory: file })
    const start = performance.now()
    let rows = 0
    let last = 0n
    for await (const batch of manifest.at('latest').scan()) {
      rows += batch.length
      if (batch.availableAt[0] < last) throw new Error('rows are out of order')
      last = batch.availableAt[batch.length - 1]
    }
    const ms = performance.now() - start
    if (rows !== set.rows) throw new Error(`scanned ${rows} of ${set.rows} rows`)
    return { ms }
  },

  /** Metadata commits through the log, beside the bare operations that make one durable. */
  async commits(_set, { file }) {
    const count = 200
    mkdirSync(join(file, 'bare'), { recursive: true })
    const log = new DeltaLog({ directory: join(file, 'log'), checkpointEvery: 100 })
    const now = (): number => 1_700_000_000_000
    const bare: number[] = []
    const ours: number[] = []
    const body = Buffer.alloc(700, 97)
    for (let i = 0; i < count; i++) {
      let start = performance.now()
      const temporary = join(file, 'bare', `.tmp${i}`)
      const fd = openSync(temporary, 'wx')
      writeSync(fd, body)
      fsyncSync(fd)
      closeSync(fd)
      linkSync(temporary, join(file, 'bare', String(i)))
      unlinkSync(temporary)
      const folder = openSync(join(file, 'bare'), 'r')
      fsyncSync(folder)
      closeSync(folder)
      bare.push(performance.now() - start)
      start = performance.now()
      await log.commit((state) => (state.version < 0 ? createTable() : { info: { operation: 'WRITE' }, actions: [added(i)] }), now)
      if (i > 0) ours.push(performance.now() - start)
    }
    const p50 = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]
    return { ms: p50(ours), note: `bare ${p50(bare).toFixed(2)} ms` }
  },

  /** Makes a log of 10,000 commits, without waiting for the disk at each. */
  async 'long log'(_set, { file }) {
    const { nodeTableFileSystem } = await import('@gatehouse/manifest-parquet')
    const fileSystem = {
      ...nodeTableFileSystem,
      async syncDirectory() {},
      async create(path: string) {
        return { ...(await nodeTableFileSystem.create(path)), async sync() {} }
      },
    }
    const log = new DeltaLog({ directory: file, fileSystem })
    const start = performance.now()
    for (let i = 0; i < 10_000; i++) {
      await log.commit(
        (state) => (state.version < 0 ? createTable() : { info: { operation: 'WRITE' }, actions: [added(i)] }),
        () => 1_700_000_000_000,
      )
    }
    return { ms: performance.now() - start }
  },

  async 'open long log'(_set, { file }) {
    const warm = new DeltaLog({ directory: file })
    await warm.refresh()
    const times: number[] = []
    for (let i = 0; i < 5; i++) {
      const start = performance.now()
      const log = new DeltaLog({ directory: file })
      const state = await log.refresh()
      if (state.files.size !== 9999) throw new Error(`${state.files.size} files`)
      times.push(performance.now() - start)
    }
    return { ms: Math.min(...times), note: `first ${times[0].toFixed(0)} ms` }
  },
}

const hex = '0123456789abcdef'.repeat(4)
const added = (i: number) => ({
  add: {
    path: `data/${hex.slice(0, 58)}${String(i).padStart(6, '0')}.parquet`,
    partitionValues: {},
    size: 1000 + i,
    modificationTime: 1_700_000_000_000,
    dataChange: true,
    stats: `{"numRecords":1000,"minValues":{"availableAt":${1_700_000_000_000_000_000n + BigInt(i)}},"maxValues":{"availableAt":${1_700_000_000_000_000_999n + BigInt(i)}}}`,
    tags: { sha256: hex, rows: '1000', from: '1700000000000000000', to: '1700000000000000999', order: `${i}.0` },
  },
})
const createTable = () => ({
  info: { operation: 'CREATE TABLE' },
  actions: [
    { protocol: { minReaderVersion: 1, minWriterVersion: 2 } },
    {
      metaData: {
        id: 'bench',
        format: { provider: 'parquet' },
        schemaString: '{"type":"struct","fields":[]}',
        partitionColumns: [],
        configuration: {},
      },
    },
  ],
})

/** The books of the set as batches of core, spread over five instruments. */
function* marketBatches(set: DataSet, clock: { ms: number }, made: (ms: number) => void): Generator<Batch> {
  const instruments = ['SPY', 'QQQ', 'IWM', 'DIA', 'TLT'].map((symbol) => etf(symbol))
  const index = Uint32Array.from({ length: batchRows }, (_, row) => (row >> 2) % 5)
  const letter = new Uint8Array(batchRows).fill(77)
  for (const raw of batches(set, clock)) {
    const start = performance.now()
    const u32 = (name: string): Uint32Array => new Uint32Array(raw[name].buffer as ArrayBuffer)
    const columns: Record<string, unknown> = {
      tsEvent: raw.ts_event,
      tsRecv: raw.ts_recv,
      action: letter,
      side: letter,
      price: raw.bid_px_0,
      size: u32('bid_sz_0'),
      flags: Uint8Array.from(raw.flags as Int32Array),
      sequence: u32('sequence'),
      depth: u32('flags'),
    }
    for (let level = 0; level < 10; level++) {
      for (const side of ['bid', 'ask']) {
        columns[`${side}Px0${level}`] = raw[`${side}_px_${level}`]
        columns[`${side}Sz0${level}`] = u32(`${side}_sz_${level}`)
        columns[`${side}Ct0${level}`] = u32(`${side}_ct_${level}`)
      }
    }
    // The receive time jitters past the next row's; availableAt may not fall.
    const availableAt = raw.ts_event as BigInt64Array
    const batch = createBatch({
      schema: 'mbp-10',
      source: 'bench',
      instruments,
      instrumentIndex: index,
      availableAt,
      columns: columns as never,
    })
    made(performance.now() - start)
    yield batch
  }
}

if (process.argv[2] !== undefined) {
  const options = JSON.parse(process.argv[3]) as CellOptions
  const set = dataSet(options.set, options.rows, options.folder)
  const result = await cells[process.argv[2]](set, options)
  // The peak of a cell that only reads must not count what generating the data took: sets are made before.
  process.stdout.write(
    `${JSON.stringify({ ...result, cpuMs: Math.round((process.cpuUsage().user + process.cpuUsage().system) / 1000), rssMb: Math.round(process.resourceUsage().maxRSS / 1024) })}\n`,
  )
}
