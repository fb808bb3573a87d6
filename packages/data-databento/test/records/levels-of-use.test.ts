import { describe, expect, test } from 'vitest'
import { ColumnReader, createMetadata, DbnEncoder, encodeRecord, openDbn, SymbolIndex, UNDEF_PRICE } from '@gatehouse/data-databento'

const huge = 9_999_999_999_999_999_999n / 2n
const records = [
  encodeRecord({
    rtype: 0x0a,
    publisherId: 1,
    instrumentId: 7,
    tsEvent: 5n,
    tsRecv: 6n,
    price: 100.25,
    size: 3,
    action: 'A',
    side: 'B',
    levels: [{ bidPx: 100.25, askPx: NaN, bidSz: 9 }],
  }),
  encodeRecord({
    rtype: 0x0a,
    publisherId: 1,
    instrumentId: 7,
    tsEvent: 7n,
    tsRecv: 8n,
    price: UNDEF_PRICE,
    size: 4,
    action: 'C',
    side: 'A',
    levels: [{ bidPx: huge }],
  }),
]
async function* stream(): AsyncGenerator<Uint8Array> {
  yield new DbnEncoder(createMetadata({ dataset: 'GLBX.MDP3', schema: 'mbp-10' })).head
  yield Buffer.concat(records)
}

describe('the four levels read the same records', () => {
  test('cursor: prices in price units, NaN when undefined or beyond the levels, exact on request', async () => {
    const seen: unknown[] = []
    const dbn = await openDbn(stream())
    await dbn.forEach((record) => {
      if (record.type === 'mbp-10')
        seen.push([record.price, record.bidPx(0), record.askPx(0), record.bidSz(0), record.bidPx(10), record.bidPx(-1), record.bidPxRaw(0)])
    })
    expect(seen).toEqual([
      [100.25, 100.25, NaN, 9, NaN, NaN, 100_250_000_000n],
      [NaN, Number(huge) / 1e9, 0, 0, NaN, NaN, huge],
    ])
  })

  test('columns: only what is named, with exact prices on request', async () => {
    for await (const { tsRecv, price, bidPx00, action } of (await openDbn(stream())).columns(['tsRecv', 'price', 'bidPx00', 'action'])) {
      expect(tsRecv).toEqual(new BigUint64Array([6n, 8n]))
      expect(price).toEqual(new Float64Array([100.25, NaN]))
      expect(bidPx00).toEqual(new Float64Array([100.25, Number(huge) / 1e9]))
      expect(action).toEqual(new Uint8Array([65, 67]))
    }
    for await (const { bidPx00 } of (await openDbn(stream())).columns(['bidPx00'], { exact: true }))
      expect(bidPx00).toEqual(new BigInt64Array([100_250_000_000n, huge]))
  })

  test('a column that does not exist is refused with the names there are', async () => {
    const dbn = await openDbn(stream())
    const run = await dbn.nextRun()
    if (run === undefined) throw new Error('no run')
    expect(() => new ColumnReader(['bid']).read(run)).toThrowError(/bidPx00/)
    await dbn.close()
  })

  test('objects: plain and exact, and they stay', async () => {
    const plain = []
    for await (const record of (await openDbn(stream())).records()) plain.push(record)
    expect(plain.map((record) => record.type === 'mbp-10' && record.price)).toEqual([100.25, NaN])
    for await (const list of (await openDbn(stream())).recordLists({ exact: true })) {
      expect(list.map((record) => record.type === 'mbp-10' && record.levels[0]?.bidPx)).toEqual([100_250_000_000n, huge])
    }
  })

  test('a value that does not fit its field is refused by name', () => {
    expect(() => encodeRecord({ rtype: 0xa0, size: 2 ** 32 })).toThrowError(/size/)
    expect(() => encodeRecord({ rtype: 0xa0, price: 1e10 })).toThrowError(/bigint/)
    expect(() => encodeRecord({ rtype: 0x42 })).toThrowError(expect.objectContaining({ code: 'DBN_RECORD_TYPE' }))
  })
})

describe('SymbolIndex', () => {
  const day = 86_400_000_000_000n
  const at = (date: string): bigint => BigInt(Date.parse(date)) * 1_000_000n

  test('an id means another symbol on another day, and nothing on a day without one', () => {
    const mappings = [
      { rawSymbol: 'ESZ3', intervals: [{ startDate: 20231114, endDate: 20231115, symbol: '7' }] },
      {
        rawSymbol: 'ESH4',
        intervals: [
          { startDate: 20231115, endDate: 20231117, symbol: '7' },
          { startDate: 20231117, endDate: 20231118, symbol: '' },
        ],
      },
    ]
    const index = new SymbolIndex(createMetadata({ dataset: 'GLBX.MDP3', stypeIn: 'raw_symbol', mappings }))
    expect(index.symbolAt(7, at('2023-11-14T23:59:59Z'))).toBe('ESZ3')
    expect(index.symbolAt(7, at('2023-11-15T00:00:00Z'))).toBe('ESH4')
    expect(index.symbolAt(7, at('2023-11-15T00:00:00Z') + 5n * day)).toBeUndefined()
  })

  test('a request by id maps the other way round', () => {
    const mappings = [{ rawSymbol: '7', intervals: [{ startDate: 20231114, endDate: 20231115, symbol: 'ESZ3' }] }]
    expect(
      new SymbolIndex(createMetadata({ dataset: 'X', stypeIn: 'instrument_id', stypeOut: 'raw_symbol', mappings })).symbolAt(
        7,
        at('2023-11-14'),
      ),
    ).toBe('ESZ3')
  })
})
