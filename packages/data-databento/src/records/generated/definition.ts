// Generated from src/layout/structs.ts by test/support/generate-records.ts; do not edit.
import { readCstr } from '../../codec/cstr.js'
import { chars, scaled, wide, RecordCursor, type RecordHeader } from '../cursor.js'

/** A `definition` record of DBN 3. `N` is `bigint` in exact objects. */
export interface DefinitionRecord<N extends number | bigint = number> extends RecordHeader {
  readonly type: 'definition'
  /** When the capture server received it, ns since the Unix epoch. */
  readonly tsRecv: bigint
  readonly minPriceIncrement: N
  readonly displayFactor: N
  readonly expiration: bigint
  readonly activation: bigint
  readonly highLimitPrice: N
  readonly lowLimitPrice: N
  readonly maxPriceVariation: N
  readonly unitOfMeasureQty: N
  readonly minPriceIncrementAmount: N
  readonly priceRatio: N
  readonly strikePrice: N
  readonly rawInstrumentId: N
  readonly legPrice: N
  readonly legDelta: N
  readonly instAttribValue: number
  readonly underlyingId: number
  readonly marketDepthImplied: number
  readonly marketDepth: number
  readonly marketSegmentId: number
  readonly maxTradeVol: number
  readonly minLotSize: number
  readonly minLotSizeBlock: number
  readonly minLotSizeRoundLot: number
  readonly minTradeVol: number
  readonly contractMultiplier: number
  readonly decayQuantity: number
  readonly originalContractSize: number
  readonly legInstrumentId: number
  readonly legRatioPriceNumerator: number
  readonly legRatioPriceDenominator: number
  readonly legRatioQtyNumerator: number
  readonly legRatioQtyDenominator: number
  readonly legUnderlyingId: number
  readonly applId: number
  readonly maturityYear: number
  readonly decayStartDate: number
  readonly channelId: number
  readonly legCount: number
  readonly legIndex: number
  readonly currency: string
  readonly settlCurrency: string
  readonly secsubtype: string
  readonly rawSymbol: string
  readonly group: string
  readonly exchange: string
  readonly asset: string
  readonly cfi: string
  readonly securityType: string
  readonly unitOfMeasure: string
  readonly underlying: string
  readonly strikePriceCurrency: string
  readonly legRawSymbol: string
  readonly instrumentClass: string
  readonly matchAlgorithm: string
  readonly mainFraction: number
  readonly priceDisplayFormat: number
  readonly subFraction: number
  readonly underlyingProduct: number
  readonly securityUpdateAction: string
  readonly maturityMonth: number
  readonly maturityDay: number
  readonly maturityWeek: number
  readonly userDefinedInstrument: string
  readonly contractMultiplierUnit: number
  readonly flowScheduleType: number
  readonly tickRule: number
  readonly legInstrumentClass: string
  readonly legSide: string
}
/** Cursor over `definition` records. */
export class DefinitionCursor extends RecordCursor {
  readonly type = 'definition'
  /** When the capture server received it, ns since the Unix epoch. */
  get tsRecv(): bigint {
    return wide(this.uint64, this.view, this.word + 4)
  }
  /** Upper half of `tsRecv`. */
  get tsRecvHigh(): number {
    return this.uint32[this.word + 5]
  }
  /** Lower half of `tsRecv`. */
  get tsRecvLow(): number {
    return this.uint32[this.word + 4]
  }

  /** `NaN` when undefined. */
  get minPriceIncrement(): number {
    return scaled(this.int32[this.word + 7], this.uint32[this.word + 6])
  }
  /** Exact, in units of 1e-9. */
  get minPriceIncrementRaw(): bigint {
    return this.view.getBigInt64((this.word << 2) + 24, true)
  }

  /** `NaN` when undefined. */
  get displayFactor(): number {
    return scaled(this.int32[this.word + 9], this.uint32[this.word + 8])
  }
  /** Exact, in units of 1e-9. */
  get displayFactorRaw(): bigint {
    return this.view.getBigInt64((this.word << 2) + 32, true)
  }

  get expiration(): bigint {
    return wide(this.uint64, this.view, this.word + 10)
  }
  /** Upper half of `expiration`. */
  get expirationHigh(): number {
    return this.uint32[this.word + 11]
  }
  /** Lower half of `expiration`. */
  get expirationLow(): number {
    return this.uint32[this.word + 10]
  }

  get activation(): bigint {
    return wide(this.uint64, this.view, this.word + 12)
  }
  /** Upper half of `activation`. */
  get activationHigh(): number {
    return this.uint32[this.word + 13]
  }
  /** Lower half of `activation`. */
  get activationLow(): number {
    return this.uint32[this.word + 12]
  }

  /** `NaN` when undefined. */
  get highLimitPrice(): number {
    return scaled(this.int32[this.word + 15], this.uint32[this.word + 14])
  }
  /** Exact, in units of 1e-9. */
  get highLimitPriceRaw(): bigint {
    return this.view.getBigInt64((this.word << 2) + 56, true)
  }

  /** `NaN` when undefined. */
  get lowLimitPrice(): number {
    return scaled(this.int32[this.word + 17], this.uint32[this.word + 16])
  }
  /** Exact, in units of 1e-9. */
  get lowLimitPriceRaw(): bigint {
    return this.view.getBigInt64((this.word << 2) + 64, true)
  }

  /** `NaN` when undefined. */
  get maxPriceVariation(): number {
    return scaled(this.int32[this.word + 19], this.uint32[this.word + 18])
  }
  /** Exact, in units of 1e-9. */
  get maxPriceVariationRaw(): bigint {
    return this.view.getBigInt64((this.word << 2) + 72, true)
  }

  /** `NaN` when undefined. */
  get unitOfMeasureQty(): number {
    return scaled(this.int32[this.word + 21], this.uint32[this.word + 20])
  }
  /** Exact, in units of 1e-9. */
  get unitOfMeasureQtyRaw(): bigint {
    return this.view.getBigInt64((this.word << 2) + 80, true)
  }

  /** `NaN` when undefined. */
  get minPriceIncrementAmount(): number {
    return scaled(this.int32[this.word + 23], this.uint32[this.word + 22])
  }
  /** Exact, in units of 1e-9. */
  get minPriceIncrementAmountRaw(): bigint {
    return this.view.getBigInt64((this.word << 2) + 88, true)
  }

  /** `NaN` when undefined. */
  get priceRatio(): number {
    return scaled(this.int32[this.word + 25], this.uint32[this.word + 24])
  }
  /** Exact, in units of 1e-9. */
  get priceRatioRaw(): bigint {
    return this.view.getBigInt64((this.word << 2) + 96, true)
  }

  /** `NaN` when undefined. */
  get strikePrice(): number {
    return scaled(this.int32[this.word + 27], this.uint32[this.word + 26])
  }
  /** Exact, in units of 1e-9. */
  get strikePriceRaw(): bigint {
    return this.view.getBigInt64((this.word << 2) + 104, true)
  }

  get rawInstrumentId(): number {
    return this.uint32[this.word + 29] * 4294967296 + this.uint32[this.word + 28]
  }
  /** Exact. */
  get rawInstrumentIdRaw(): bigint {
    return wide(this.uint64, this.view, this.word + 28)
  }

  /** `NaN` when undefined. */
  get legPrice(): number {
    return scaled(this.int32[this.word + 31], this.uint32[this.word + 30])
  }
  /** Exact, in units of 1e-9. */
  get legPriceRaw(): bigint {
    return this.view.getBigInt64((this.word << 2) + 120, true)
  }

  /** `NaN` when undefined. */
  get legDelta(): number {
    return scaled(this.int32[this.word + 33], this.uint32[this.word + 32])
  }
  /** Exact, in units of 1e-9. */
  get legDeltaRaw(): bigint {
    return this.view.getBigInt64((this.word << 2) + 128, true)
  }

  get instAttribValue(): number {
    return this.int32[this.word + 34]
  }

  get underlyingId(): number {
    return this.uint32[this.word + 35]
  }

  get marketDepthImplied(): number {
    return this.int32[this.word + 36]
  }

  get marketDepth(): number {
    return this.int32[this.word + 37]
  }

  get marketSegmentId(): number {
    return this.uint32[this.word + 38]
  }

  get maxTradeVol(): number {
    return this.uint32[this.word + 39]
  }

  get minLotSize(): number {
    return this.int32[this.word + 40]
  }

  get minLotSizeBlock(): number {
    return this.int32[this.word + 41]
  }

  get minLotSizeRoundLot(): number {
    return this.int32[this.word + 42]
  }

  get minTradeVol(): number {
    return this.uint32[this.word + 43]
  }

  get contractMultiplier(): number {
    return this.int32[this.word + 44]
  }

  get decayQuantity(): number {
    return this.int32[this.word + 45]
  }

  get originalContractSize(): number {
    return this.int32[this.word + 46]
  }

  get legInstrumentId(): number {
    return this.uint32[this.word + 47]
  }

  get legRatioPriceNumerator(): number {
    return this.int32[this.word + 48]
  }

  get legRatioPriceDenominator(): number {
    return this.int32[this.word + 49]
  }

  get legRatioQtyNumerator(): number {
    return this.int32[this.word + 50]
  }

  get legRatioQtyDenominator(): number {
    return this.int32[this.word + 51]
  }

  get legUnderlyingId(): number {
    return this.uint32[this.word + 52]
  }

  get applId(): number {
    return (this.int32[this.word + 53] << 16) >> 16
  }

  get maturityYear(): number {
    return this.uint32[this.word + 53] >>> 16
  }

  get decayStartDate(): number {
    return this.uint32[this.word + 54] & 0xffff
  }

  get channelId(): number {
    return this.uint32[this.word + 54] >>> 16
  }

  get legCount(): number {
    return this.uint32[this.word + 55] & 0xffff
  }

  get legIndex(): number {
    return this.uint32[this.word + 55] >>> 16
  }

  get currency(): string {
    return readCstr(this.bytes, (this.word << 2) + 224, 4)
  }

  get settlCurrency(): string {
    return readCstr(this.bytes, (this.word << 2) + 228, 4)
  }

  get secsubtype(): string {
    return readCstr(this.bytes, (this.word << 2) + 232, 6)
  }

  get rawSymbol(): string {
    return readCstr(this.bytes, (this.word << 2) + 238, 71)
  }

  get group(): string {
    return readCstr(this.bytes, (this.word << 2) + 309, 21)
  }

  get exchange(): string {
    return readCstr(this.bytes, (this.word << 2) + 330, 5)
  }

  get asset(): string {
    return readCstr(this.bytes, (this.word << 2) + 335, 11)
  }

  get cfi(): string {
    return readCstr(this.bytes, (this.word << 2) + 346, 7)
  }

  get securityType(): string {
    return readCstr(this.bytes, (this.word << 2) + 353, 7)
  }

  get unitOfMeasure(): string {
    return readCstr(this.bytes, (this.word << 2) + 360, 31)
  }

  get underlying(): string {
    return readCstr(this.bytes, (this.word << 2) + 391, 21)
  }

  get strikePriceCurrency(): string {
    return readCstr(this.bytes, (this.word << 2) + 412, 4)
  }

  get legRawSymbol(): string {
    return readCstr(this.bytes, (this.word << 2) + 416, 71)
  }

  get instrumentClass(): string {
    return chars[this.bytes[(this.word << 2) + 487]]
  }

  get matchAlgorithm(): string {
    return chars[this.bytes[(this.word << 2) + 488]]
  }

  get mainFraction(): number {
    return this.bytes[(this.word << 2) + 489]
  }

  get priceDisplayFormat(): number {
    return this.bytes[(this.word << 2) + 490]
  }

  get subFraction(): number {
    return this.bytes[(this.word << 2) + 491]
  }

  get underlyingProduct(): number {
    return this.bytes[(this.word << 2) + 492]
  }

  get securityUpdateAction(): string {
    return chars[this.bytes[(this.word << 2) + 493]]
  }

  get maturityMonth(): number {
    return this.bytes[(this.word << 2) + 494]
  }

  get maturityDay(): number {
    return this.bytes[(this.word << 2) + 495]
  }

  get maturityWeek(): number {
    return this.bytes[(this.word << 2) + 496]
  }

  get userDefinedInstrument(): string {
    return chars[this.bytes[(this.word << 2) + 497]]
  }

  get contractMultiplierUnit(): number {
    return (this.bytes[(this.word << 2) + 498] << 24) >> 24
  }

  get flowScheduleType(): number {
    return (this.bytes[(this.word << 2) + 499] << 24) >> 24
  }

  get tickRule(): number {
    return this.bytes[(this.word << 2) + 500]
  }

  get legInstrumentClass(): string {
    return chars[this.bytes[(this.word << 2) + 501]]
  }

  get legSide(): string {
    return chars[this.bytes[(this.word << 2) + 502]]
  }

  /** A copy that stays; prices in price units, `NaN` when undefined. */
  toObject(): DefinitionRecord {
    const w = this.word
    const i = this.int32
    const u = this.uint32
    const b = this.bytes
    const q = this.uint64
    const v = this.view

    const record: DefinitionRecord = {
      type: 'definition',
      rtype: this.rtype,
      publisherId: u[w] >>> 16,
      instrumentId: u[w + 1],
      tsEvent: wide(q, v, w + 2),
      tsRecv: wide(q, v, w + 4),
      minPriceIncrement: scaled(i[w + 7], u[w + 6]),
      displayFactor: scaled(i[w + 9], u[w + 8]),
      expiration: wide(q, v, w + 10),
      activation: wide(q, v, w + 12),
      highLimitPrice: scaled(i[w + 15], u[w + 14]),
      lowLimitPrice: scaled(i[w + 17], u[w + 16]),
      maxPriceVariation: scaled(i[w + 19], u[w + 18]),
      unitOfMeasureQty: scaled(i[w + 21], u[w + 20]),
      minPriceIncrementAmount: scaled(i[w + 23], u[w + 22]),
      priceRatio: scaled(i[w + 25], u[w + 24]),
      strikePrice: scaled(i[w + 27], u[w + 26]),
      rawInstrumentId: u[w + 29] * 4294967296 + u[w + 28],
      legPrice: scaled(i[w + 31], u[w + 30]),
      legDelta: scaled(i[w + 33], u[w + 32]),
      instAttribValue: i[w + 34],
      underlyingId: u[w + 35],
      marketDepthImplied: i[w + 36],
      marketDepth: i[w + 37],
      marketSegmentId: u[w + 38],
      maxTradeVol: u[w + 39],
      minLotSize: i[w + 40],
      minLotSizeBlock: i[w + 41],
      minLotSizeRoundLot: i[w + 42],
      minTradeVol: u[w + 43],
      contractMultiplier: i[w + 44],
      decayQuantity: i[w + 45],
      originalContractSize: i[w + 46],
      legInstrumentId: u[w + 47],
      legRatioPriceNumerator: i[w + 48],
      legRatioPriceDenominator: i[w + 49],
      legRatioQtyNumerator: i[w + 50],
      legRatioQtyDenominator: i[w + 51],
      legUnderlyingId: u[w + 52],
      applId: (i[w + 53] << 16) >> 16,
      maturityYear: u[w + 53] >>> 16,
      decayStartDate: u[w + 54] & 0xffff,
      channelId: u[w + 54] >>> 16,
      legCount: u[w + 55] & 0xffff,
      legIndex: u[w + 55] >>> 16,
      currency: readCstr(b, (w << 2) + 224, 4),
      settlCurrency: readCstr(b, (w << 2) + 228, 4),
      secsubtype: readCstr(b, (w << 2) + 232, 6),
      rawSymbol: readCstr(b, (w << 2) + 238, 71),
      group: readCstr(b, (w << 2) + 309, 21),
      exchange: readCstr(b, (w << 2) + 330, 5),
      asset: readCstr(b, (w << 2) + 335, 11),
      cfi: readCstr(b, (w << 2) + 346, 7),
      securityType: readCstr(b, (w << 2) + 353, 7),
      unitOfMeasure: readCstr(b, (w << 2) + 360, 31),
      underlying: readCstr(b, (w << 2) + 391, 21),
      strikePriceCurrency: readCstr(b, (w << 2) + 412, 4),
      legRawSymbol: readCstr(b, (w << 2) + 416, 71),
      instrumentClass: chars[b[(w << 2) + 487]],
      matchAlgorithm: chars[b[(w << 2) + 488]],
      mainFraction: b[(w << 2) + 489],
      priceDisplayFormat: b[(w << 2) + 490],
      subFraction: b[(w << 2) + 491],
      underlyingProduct: b[(w << 2) + 492],
      securityUpdateAction: chars[b[(w << 2) + 493]],
      maturityMonth: b[(w << 2) + 494],
      maturityDay: b[(w << 2) + 495],
      maturityWeek: b[(w << 2) + 496],
      userDefinedInstrument: chars[b[(w << 2) + 497]],
      contractMultiplierUnit: (b[(w << 2) + 498] << 24) >> 24,
      flowScheduleType: (b[(w << 2) + 499] << 24) >> 24,
      tickRule: b[(w << 2) + 500],
      legInstrumentClass: chars[b[(w << 2) + 501]],
      legSide: chars[b[(w << 2) + 502]],
    }
    return this.tsOutWord < 0 ? record : { ...record, tsOut: wide(q, v, w + this.tsOutWord) }
  }

  /** A copy with prices and quantities as bigints, exact (prices in units of 1e-9). */
  toExactObject(): DefinitionRecord<bigint> {
    const w = this.word
    const i = this.int32
    const u = this.uint32
    const b = this.bytes
    const q = this.uint64
    const v = this.view

    const record: DefinitionRecord<bigint> = {
      type: 'definition',
      rtype: this.rtype,
      publisherId: u[w] >>> 16,
      instrumentId: u[w + 1],
      tsEvent: wide(q, v, w + 2),
      tsRecv: wide(q, v, w + 4),
      minPriceIncrement: v.getBigInt64((w << 2) + 24, true),
      displayFactor: v.getBigInt64((w << 2) + 32, true),
      expiration: wide(q, v, w + 10),
      activation: wide(q, v, w + 12),
      highLimitPrice: v.getBigInt64((w << 2) + 56, true),
      lowLimitPrice: v.getBigInt64((w << 2) + 64, true),
      maxPriceVariation: v.getBigInt64((w << 2) + 72, true),
      unitOfMeasureQty: v.getBigInt64((w << 2) + 80, true),
      minPriceIncrementAmount: v.getBigInt64((w << 2) + 88, true),
      priceRatio: v.getBigInt64((w << 2) + 96, true),
      strikePrice: v.getBigInt64((w << 2) + 104, true),
      rawInstrumentId: wide(q, v, w + 28),
      legPrice: v.getBigInt64((w << 2) + 120, true),
      legDelta: v.getBigInt64((w << 2) + 128, true),
      instAttribValue: i[w + 34],
      underlyingId: u[w + 35],
      marketDepthImplied: i[w + 36],
      marketDepth: i[w + 37],
      marketSegmentId: u[w + 38],
      maxTradeVol: u[w + 39],
      minLotSize: i[w + 40],
      minLotSizeBlock: i[w + 41],
      minLotSizeRoundLot: i[w + 42],
      minTradeVol: u[w + 43],
      contractMultiplier: i[w + 44],
      decayQuantity: i[w + 45],
      originalContractSize: i[w + 46],
      legInstrumentId: u[w + 47],
      legRatioPriceNumerator: i[w + 48],
      legRatioPriceDenominator: i[w + 49],
      legRatioQtyNumerator: i[w + 50],
      legRatioQtyDenominator: i[w + 51],
      legUnderlyingId: u[w + 52],
      applId: (i[w + 53] << 16) >> 16,
      maturityYear: u[w + 53] >>> 16,
      decayStartDate: u[w + 54] & 0xffff,
      channelId: u[w + 54] >>> 16,
      legCount: u[w + 55] & 0xffff,
      legIndex: u[w + 55] >>> 16,
      currency: readCstr(b, (w << 2) + 224, 4),
      settlCurrency: readCstr(b, (w << 2) + 228, 4),
      secsubtype: readCstr(b, (w << 2) + 232, 6),
      rawSymbol: readCstr(b, (w << 2) + 238, 71),
      group: readCstr(b, (w << 2) + 309, 21),
      exchange: readCstr(b, (w << 2) + 330, 5),
      asset: readCstr(b, (w << 2) + 335, 11),
      cfi: readCstr(b, (w << 2) + 346, 7),
      securityType: readCstr(b, (w << 2) + 353, 7),
      unitOfMeasure: readCstr(b, (w << 2) + 360, 31),
      underlying: readCstr(b, (w << 2) + 391, 21),
      strikePriceCurrency: readCstr(b, (w << 2) + 412, 4),
      legRawSymbol: readCstr(b, (w << 2) + 416, 71),
      instrumentClass: chars[b[(w << 2) + 487]],
      matchAlgorithm: chars[b[(w << 2) + 488]],
      mainFraction: b[(w << 2) + 489],
      priceDisplayFormat: b[(w << 2) + 490],
      subFraction: b[(w << 2) + 491],
      underlyingProduct: b[(w << 2) + 492],
      securityUpdateAction: chars[b[(w << 2) + 493]],
      maturityMonth: b[(w << 2) + 494],
      maturityDay: b[(w << 2) + 495],
      maturityWeek: b[(w << 2) + 496],
      userDefinedInstrument: chars[b[(w << 2) + 497]],
      contractMultiplierUnit: (b[(w << 2) + 498] << 24) >> 24,
      flowScheduleType: (b[(w << 2) + 499] << 24) >> 24,
      tickRule: b[(w << 2) + 500],
      legInstrumentClass: chars[b[(w << 2) + 501]],
      legSide: chars[b[(w << 2) + 502]],
    }
    return this.tsOutWord < 0 ? record : { ...record, tsOut: wide(q, v, w + this.tsOutWord) }
  }
}
