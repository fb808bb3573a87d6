// Generated from src/layout/structs.ts by test/support/generate-records.ts; do not edit.
import { readCstr } from '../../codec/cstr.js'
import { chars, scaled, wide, RecordCursor, type RecordHeader } from '../cursor.js'

/** A `definition-v2` record of DBN 2. `N` is `bigint` in exact objects. */
export interface DefinitionV2Record<N extends number | bigint = number> extends RecordHeader {
  readonly type: 'definition-v2'
  /** When the capture server received it, ns since the Unix epoch. */
  readonly tsRecv: bigint
  readonly minPriceIncrement: N
  readonly displayFactor: N
  readonly expiration: bigint
  readonly activation: bigint
  readonly highLimitPrice: N
  readonly lowLimitPrice: N
  readonly maxPriceVariation: N
  readonly tradingReferencePrice: N
  readonly unitOfMeasureQty: N
  readonly minPriceIncrementAmount: N
  readonly priceRatio: N
  readonly strikePrice: N
  readonly instAttribValue: number
  readonly underlyingId: number
  readonly rawInstrumentId: number
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
  readonly tradingReferenceDate: number
  readonly applId: number
  readonly maturityYear: number
  readonly decayStartDate: number
  readonly channelId: number
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
  readonly instrumentClass: string
  readonly matchAlgorithm: string
  readonly mdSecurityTradingStatus: number
  readonly mainFraction: number
  readonly priceDisplayFormat: number
  readonly settlPriceType: number
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
}
/** Cursor over `definition-v2` records. */
export class DefinitionV2Cursor extends RecordCursor {
  readonly type = 'definition-v2'
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
  get tradingReferencePrice(): number {
    return scaled(this.int32[this.word + 21], this.uint32[this.word + 20])
  }
  /** Exact, in units of 1e-9. */
  get tradingReferencePriceRaw(): bigint {
    return this.view.getBigInt64((this.word << 2) + 80, true)
  }

  /** `NaN` when undefined. */
  get unitOfMeasureQty(): number {
    return scaled(this.int32[this.word + 23], this.uint32[this.word + 22])
  }
  /** Exact, in units of 1e-9. */
  get unitOfMeasureQtyRaw(): bigint {
    return this.view.getBigInt64((this.word << 2) + 88, true)
  }

  /** `NaN` when undefined. */
  get minPriceIncrementAmount(): number {
    return scaled(this.int32[this.word + 25], this.uint32[this.word + 24])
  }
  /** Exact, in units of 1e-9. */
  get minPriceIncrementAmountRaw(): bigint {
    return this.view.getBigInt64((this.word << 2) + 96, true)
  }

  /** `NaN` when undefined. */
  get priceRatio(): number {
    return scaled(this.int32[this.word + 27], this.uint32[this.word + 26])
  }
  /** Exact, in units of 1e-9. */
  get priceRatioRaw(): bigint {
    return this.view.getBigInt64((this.word << 2) + 104, true)
  }

  /** `NaN` when undefined. */
  get strikePrice(): number {
    return scaled(this.int32[this.word + 29], this.uint32[this.word + 28])
  }
  /** Exact, in units of 1e-9. */
  get strikePriceRaw(): bigint {
    return this.view.getBigInt64((this.word << 2) + 112, true)
  }

  get instAttribValue(): number {
    return this.int32[this.word + 30]
  }

  get underlyingId(): number {
    return this.uint32[this.word + 31]
  }

  get rawInstrumentId(): number {
    return this.uint32[this.word + 32]
  }

  get marketDepthImplied(): number {
    return this.int32[this.word + 33]
  }

  get marketDepth(): number {
    return this.int32[this.word + 34]
  }

  get marketSegmentId(): number {
    return this.uint32[this.word + 35]
  }

  get maxTradeVol(): number {
    return this.uint32[this.word + 36]
  }

  get minLotSize(): number {
    return this.int32[this.word + 37]
  }

  get minLotSizeBlock(): number {
    return this.int32[this.word + 38]
  }

  get minLotSizeRoundLot(): number {
    return this.int32[this.word + 39]
  }

  get minTradeVol(): number {
    return this.uint32[this.word + 40]
  }

  get contractMultiplier(): number {
    return this.int32[this.word + 41]
  }

  get decayQuantity(): number {
    return this.int32[this.word + 42]
  }

  get originalContractSize(): number {
    return this.int32[this.word + 43]
  }

  get tradingReferenceDate(): number {
    return this.uint32[this.word + 44] & 0xffff
  }

  get applId(): number {
    return this.int32[this.word + 44] >> 16
  }

  get maturityYear(): number {
    return this.uint32[this.word + 45] & 0xffff
  }

  get decayStartDate(): number {
    return this.uint32[this.word + 45] >>> 16
  }

  get channelId(): number {
    return this.uint32[this.word + 46] & 0xffff
  }

  get currency(): string {
    return readCstr(this.bytes, (this.word << 2) + 186, 4)
  }

  get settlCurrency(): string {
    return readCstr(this.bytes, (this.word << 2) + 190, 4)
  }

  get secsubtype(): string {
    return readCstr(this.bytes, (this.word << 2) + 194, 6)
  }

  get rawSymbol(): string {
    return readCstr(this.bytes, (this.word << 2) + 200, 71)
  }

  get group(): string {
    return readCstr(this.bytes, (this.word << 2) + 271, 21)
  }

  get exchange(): string {
    return readCstr(this.bytes, (this.word << 2) + 292, 5)
  }

  get asset(): string {
    return readCstr(this.bytes, (this.word << 2) + 297, 7)
  }

  get cfi(): string {
    return readCstr(this.bytes, (this.word << 2) + 304, 7)
  }

  get securityType(): string {
    return readCstr(this.bytes, (this.word << 2) + 311, 7)
  }

  get unitOfMeasure(): string {
    return readCstr(this.bytes, (this.word << 2) + 318, 31)
  }

  get underlying(): string {
    return readCstr(this.bytes, (this.word << 2) + 349, 21)
  }

  get strikePriceCurrency(): string {
    return readCstr(this.bytes, (this.word << 2) + 370, 4)
  }

  get instrumentClass(): string {
    return chars[this.bytes[(this.word << 2) + 374]]
  }

  get matchAlgorithm(): string {
    return chars[this.bytes[(this.word << 2) + 375]]
  }

  get mdSecurityTradingStatus(): number {
    return this.bytes[(this.word << 2) + 376]
  }

  get mainFraction(): number {
    return this.bytes[(this.word << 2) + 377]
  }

  get priceDisplayFormat(): number {
    return this.bytes[(this.word << 2) + 378]
  }

  get settlPriceType(): number {
    return this.bytes[(this.word << 2) + 379]
  }

  get subFraction(): number {
    return this.bytes[(this.word << 2) + 380]
  }

  get underlyingProduct(): number {
    return this.bytes[(this.word << 2) + 381]
  }

  get securityUpdateAction(): string {
    return chars[this.bytes[(this.word << 2) + 382]]
  }

  get maturityMonth(): number {
    return this.bytes[(this.word << 2) + 383]
  }

  get maturityDay(): number {
    return this.bytes[(this.word << 2) + 384]
  }

  get maturityWeek(): number {
    return this.bytes[(this.word << 2) + 385]
  }

  get userDefinedInstrument(): string {
    return chars[this.bytes[(this.word << 2) + 386]]
  }

  get contractMultiplierUnit(): number {
    return (this.bytes[(this.word << 2) + 387] << 24) >> 24
  }

  get flowScheduleType(): number {
    return (this.bytes[(this.word << 2) + 388] << 24) >> 24
  }

  get tickRule(): number {
    return this.bytes[(this.word << 2) + 389]
  }

  /** A copy that stays; prices in price units, `NaN` when undefined. */
  toObject(): DefinitionV2Record {
    const w = this.word
    const i = this.int32
    const u = this.uint32
    const b = this.bytes
    const q = this.uint64
    const v = this.view

    const record: DefinitionV2Record = {
      type: 'definition-v2',
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
      tradingReferencePrice: scaled(i[w + 21], u[w + 20]),
      unitOfMeasureQty: scaled(i[w + 23], u[w + 22]),
      minPriceIncrementAmount: scaled(i[w + 25], u[w + 24]),
      priceRatio: scaled(i[w + 27], u[w + 26]),
      strikePrice: scaled(i[w + 29], u[w + 28]),
      instAttribValue: i[w + 30],
      underlyingId: u[w + 31],
      rawInstrumentId: u[w + 32],
      marketDepthImplied: i[w + 33],
      marketDepth: i[w + 34],
      marketSegmentId: u[w + 35],
      maxTradeVol: u[w + 36],
      minLotSize: i[w + 37],
      minLotSizeBlock: i[w + 38],
      minLotSizeRoundLot: i[w + 39],
      minTradeVol: u[w + 40],
      contractMultiplier: i[w + 41],
      decayQuantity: i[w + 42],
      originalContractSize: i[w + 43],
      tradingReferenceDate: u[w + 44] & 0xffff,
      applId: i[w + 44] >> 16,
      maturityYear: u[w + 45] & 0xffff,
      decayStartDate: u[w + 45] >>> 16,
      channelId: u[w + 46] & 0xffff,
      currency: readCstr(b, (w << 2) + 186, 4),
      settlCurrency: readCstr(b, (w << 2) + 190, 4),
      secsubtype: readCstr(b, (w << 2) + 194, 6),
      rawSymbol: readCstr(b, (w << 2) + 200, 71),
      group: readCstr(b, (w << 2) + 271, 21),
      exchange: readCstr(b, (w << 2) + 292, 5),
      asset: readCstr(b, (w << 2) + 297, 7),
      cfi: readCstr(b, (w << 2) + 304, 7),
      securityType: readCstr(b, (w << 2) + 311, 7),
      unitOfMeasure: readCstr(b, (w << 2) + 318, 31),
      underlying: readCstr(b, (w << 2) + 349, 21),
      strikePriceCurrency: readCstr(b, (w << 2) + 370, 4),
      instrumentClass: chars[b[(w << 2) + 374]],
      matchAlgorithm: chars[b[(w << 2) + 375]],
      mdSecurityTradingStatus: b[(w << 2) + 376],
      mainFraction: b[(w << 2) + 377],
      priceDisplayFormat: b[(w << 2) + 378],
      settlPriceType: b[(w << 2) + 379],
      subFraction: b[(w << 2) + 380],
      underlyingProduct: b[(w << 2) + 381],
      securityUpdateAction: chars[b[(w << 2) + 382]],
      maturityMonth: b[(w << 2) + 383],
      maturityDay: b[(w << 2) + 384],
      maturityWeek: b[(w << 2) + 385],
      userDefinedInstrument: chars[b[(w << 2) + 386]],
      contractMultiplierUnit: (b[(w << 2) + 387] << 24) >> 24,
      flowScheduleType: (b[(w << 2) + 388] << 24) >> 24,
      tickRule: b[(w << 2) + 389],
    }
    return this.tsOutWord < 0 ? record : { ...record, tsOut: wide(q, v, w + this.tsOutWord) }
  }

  /** A copy with prices and quantities as bigints, exact (prices in units of 1e-9). */
  toExactObject(): DefinitionV2Record<bigint> {
    const w = this.word
    const i = this.int32
    const u = this.uint32
    const b = this.bytes
    const q = this.uint64
    const v = this.view

    const record: DefinitionV2Record<bigint> = {
      type: 'definition-v2',
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
      tradingReferencePrice: v.getBigInt64((w << 2) + 80, true),
      unitOfMeasureQty: v.getBigInt64((w << 2) + 88, true),
      minPriceIncrementAmount: v.getBigInt64((w << 2) + 96, true),
      priceRatio: v.getBigInt64((w << 2) + 104, true),
      strikePrice: v.getBigInt64((w << 2) + 112, true),
      instAttribValue: i[w + 30],
      underlyingId: u[w + 31],
      rawInstrumentId: u[w + 32],
      marketDepthImplied: i[w + 33],
      marketDepth: i[w + 34],
      marketSegmentId: u[w + 35],
      maxTradeVol: u[w + 36],
      minLotSize: i[w + 37],
      minLotSizeBlock: i[w + 38],
      minLotSizeRoundLot: i[w + 39],
      minTradeVol: u[w + 40],
      contractMultiplier: i[w + 41],
      decayQuantity: i[w + 42],
      originalContractSize: i[w + 43],
      tradingReferenceDate: u[w + 44] & 0xffff,
      applId: i[w + 44] >> 16,
      maturityYear: u[w + 45] & 0xffff,
      decayStartDate: u[w + 45] >>> 16,
      channelId: u[w + 46] & 0xffff,
      currency: readCstr(b, (w << 2) + 186, 4),
      settlCurrency: readCstr(b, (w << 2) + 190, 4),
      secsubtype: readCstr(b, (w << 2) + 194, 6),
      rawSymbol: readCstr(b, (w << 2) + 200, 71),
      group: readCstr(b, (w << 2) + 271, 21),
      exchange: readCstr(b, (w << 2) + 292, 5),
      asset: readCstr(b, (w << 2) + 297, 7),
      cfi: readCstr(b, (w << 2) + 304, 7),
      securityType: readCstr(b, (w << 2) + 311, 7),
      unitOfMeasure: readCstr(b, (w << 2) + 318, 31),
      underlying: readCstr(b, (w << 2) + 349, 21),
      strikePriceCurrency: readCstr(b, (w << 2) + 370, 4),
      instrumentClass: chars[b[(w << 2) + 374]],
      matchAlgorithm: chars[b[(w << 2) + 375]],
      mdSecurityTradingStatus: b[(w << 2) + 376],
      mainFraction: b[(w << 2) + 377],
      priceDisplayFormat: b[(w << 2) + 378],
      settlPriceType: b[(w << 2) + 379],
      subFraction: b[(w << 2) + 380],
      underlyingProduct: b[(w << 2) + 381],
      securityUpdateAction: chars[b[(w << 2) + 382]],
      maturityMonth: b[(w << 2) + 383],
      maturityDay: b[(w << 2) + 384],
      maturityWeek: b[(w << 2) + 385],
      userDefinedInstrument: chars[b[(w << 2) + 386]],
      contractMultiplierUnit: (b[(w << 2) + 387] << 24) >> 24,
      flowScheduleType: (b[(w << 2) + 388] << 24) >> 24,
      tickRule: b[(w << 2) + 389],
    }
    return this.tsOutWord < 0 ? record : { ...record, tsOut: wide(q, v, w + this.tsOutWord) }
  }
}
