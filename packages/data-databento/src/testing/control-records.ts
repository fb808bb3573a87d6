import { encodeRecord } from '../codec/encoder.js'
import { RType, stypeCode, type SType } from '../layout/enums.js'

/** A system record as the gateway sends it. */
export function systemRecord(code: number, message: string, tsEvent: bigint, tsOut?: bigint): Uint8Array {
  return encodeRecord({ rtype: RType.system, tsEvent, msg: message, code, tsOut }, { tsOut: tsOut !== undefined })
}

/** An error record as the gateway sends it. */
export function errorRecord(code: number, message: string, tsEvent: bigint, tsOut?: bigint): Uint8Array {
  return encodeRecord({ rtype: RType.error, tsEvent, err: message, code, isLast: 1, tsOut }, { tsOut: tsOut !== undefined })
}

/** Says what an instrument id stands for in this session. */
export function mappingRecord(
  {
    instrumentId,
    stypeIn,
    symbolIn,
    symbolOut,
  }: { readonly instrumentId: number; readonly stypeIn: SType; readonly symbolIn: string; readonly symbolOut: string },
  tsEvent: bigint,
  tsOut?: bigint,
): Uint8Array {
  return encodeRecord(
    {
      rtype: RType.symbolMapping,
      instrumentId,
      tsEvent,
      stypeIn: stypeCode(stypeIn),
      stypeInSymbol: symbolIn,
      stypeOut: stypeCode('raw_symbol'),
      stypeOutSymbol: symbolOut,
      startTs: 0xffffffffffffffffn,
      endTs: 0xffffffffffffffffn,
      tsOut,
    },
    { tsOut: tsOut !== undefined },
  )
}
