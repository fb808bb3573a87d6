/**
 * The record layouts of DBN 1, 2 and 3: the one source from which cursors, columns, objects, canonical text, upgrade and encoder are made.
 *
 * A field is `name:kind@offset`, the offset in bytes from the start of the record. Kinds: `u8 i8 u16 i16 u32 i32 u64 i64`;
 * `price` is an i64 in units of 1e-9; `ts` is a u64 of nanoseconds since the Unix epoch; `char` is one ASCII character; `cstrN` is N bytes of
 * text ended by NUL; `Struct*N` repeats a struct. The 16-byte header (length, rtype, publisher_id, instrument_id, ts_event) is left out.
 * Source: databento/dbn 0.54.0 (Apache-2.0), offsets checked against the official C++ decoder with `offsetof`.
 */
export interface StructRow {
  readonly name: string
  /** DBN versions in which the struct has this layout. */
  readonly versions: readonly (1 | 2 | 3)[]
  readonly rtypes: readonly number[]
  /** Bytes, header included. */
  readonly size: number
  readonly fields: string
}

export const structTable: readonly StructRow[] = [
  {
    name: 'BidAskPair',
    versions: [1, 2, 3],
    rtypes: [],
    size: 32,
    fields: `
      bid_px:price@0 ask_px:price@8 bid_sz:u32@16 ask_sz:u32@20 bid_ct:u32@24 ask_ct:u32@28
    `,
  },
  {
    name: 'ConsolidatedBidAskPair',
    versions: [1, 2, 3],
    rtypes: [],
    size: 32,
    fields: `
      bid_px:price@0 ask_px:price@8 bid_sz:u32@16 ask_sz:u32@20 bid_pb:u16@24 ask_pb:u16@28
    `,
  },
  {
    name: 'Trade',
    versions: [1, 2, 3],
    rtypes: [0x00],
    size: 48,
    fields: `
      price:price@16 size:u32@24 action:char@28 side:char@29 flags:u8@30 depth:u8@31 ts_recv:ts@32 ts_in_delta:i32@40
      sequence:u32@44
    `,
  },
  {
    name: 'Mbp1',
    versions: [1, 2, 3],
    rtypes: [0x01],
    size: 80,
    fields: `
      price:price@16 size:u32@24 action:char@28 side:char@29 flags:u8@30 depth:u8@31 ts_recv:ts@32 ts_in_delta:i32@40
      sequence:u32@44 levels:BidAskPair*1@48
    `,
  },
  {
    name: 'Mbp10',
    versions: [1, 2, 3],
    rtypes: [0x0a],
    size: 368,
    fields: `
      price:price@16 size:u32@24 action:char@28 side:char@29 flags:u8@30 depth:u8@31 ts_recv:ts@32 ts_in_delta:i32@40
      sequence:u32@44 levels:BidAskPair*10@48
    `,
  },
  {
    name: 'Ohlcv',
    versions: [1, 2, 3],
    rtypes: [0x11, 0x20, 0x21, 0x22, 0x23, 0x24],
    size: 56,
    fields: `
      open:price@16 high:price@24 low:price@32 close:price@40 volume:u64@48
    `,
  },
  {
    name: 'Status',
    versions: [1, 2, 3],
    rtypes: [0x12],
    size: 40,
    fields: `
      ts_recv:ts@16 action:u16@24 reason:u16@26 trading_event:u16@28 is_trading:char@30 is_quoting:char@31
      is_short_sell_restricted:char@32
    `,
  },
  {
    name: 'DefinitionV1',
    versions: [1],
    rtypes: [0x13],
    size: 360,
    fields: `
      ts_recv:ts@16 min_price_increment:price@24 display_factor:price@32 expiration:ts@40 activation:ts@48
      high_limit_price:price@56 low_limit_price:price@64 max_price_variation:price@72 trading_reference_price:price@80
      unit_of_measure_qty:price@88 min_price_increment_amount:price@96 price_ratio:price@104 inst_attrib_value:i32@112
      underlying_id:u32@116 raw_instrument_id:u32@120 market_depth_implied:i32@124 market_depth:i32@128
      market_segment_id:u32@132 max_trade_vol:u32@136 min_lot_size:i32@140 min_lot_size_block:i32@144
      min_lot_size_round_lot:i32@148 min_trade_vol:u32@152 contract_multiplier:i32@160 decay_quantity:i32@164
      original_contract_size:i32@168 trading_reference_date:u16@176 appl_id:i16@178 maturity_year:u16@180
      decay_start_date:u16@182 channel_id:u16@184 currency:cstr4@186 settl_currency:cstr4@190 secsubtype:cstr6@194
      raw_symbol:cstr22@200 group:cstr21@222 exchange:cstr5@243 asset:cstr7@248 cfi:cstr7@255 security_type:cstr7@262
      unit_of_measure:cstr31@269 underlying:cstr21@300 strike_price_currency:cstr4@321 instrument_class:char@325
      strike_price:price@328 match_algorithm:char@342 md_security_trading_status:u8@343 main_fraction:u8@344
      price_display_format:u8@345 settl_price_type:u8@346 sub_fraction:u8@347 underlying_product:u8@348
      security_update_action:char@349 maturity_month:u8@350 maturity_day:u8@351 maturity_week:u8@352
      user_defined_instrument:char@353 contract_multiplier_unit:i8@354 flow_schedule_type:i8@355 tick_rule:u8@356
    `,
  },
  {
    name: 'DefinitionV2',
    versions: [2],
    rtypes: [0x13],
    size: 400,
    fields: `
      ts_recv:ts@16 min_price_increment:price@24 display_factor:price@32 expiration:ts@40 activation:ts@48
      high_limit_price:price@56 low_limit_price:price@64 max_price_variation:price@72 trading_reference_price:price@80
      unit_of_measure_qty:price@88 min_price_increment_amount:price@96 price_ratio:price@104 strike_price:price@112
      inst_attrib_value:i32@120 underlying_id:u32@124 raw_instrument_id:u32@128 market_depth_implied:i32@132
      market_depth:i32@136 market_segment_id:u32@140 max_trade_vol:u32@144 min_lot_size:i32@148 min_lot_size_block:i32@152
      min_lot_size_round_lot:i32@156 min_trade_vol:u32@160 contract_multiplier:i32@164 decay_quantity:i32@168
      original_contract_size:i32@172 trading_reference_date:u16@176 appl_id:i16@178 maturity_year:u16@180
      decay_start_date:u16@182 channel_id:u16@184 currency:cstr4@186 settl_currency:cstr4@190 secsubtype:cstr6@194
      raw_symbol:cstr71@200 group:cstr21@271 exchange:cstr5@292 asset:cstr7@297 cfi:cstr7@304 security_type:cstr7@311
      unit_of_measure:cstr31@318 underlying:cstr21@349 strike_price_currency:cstr4@370 instrument_class:char@374
      match_algorithm:char@375 md_security_trading_status:u8@376 main_fraction:u8@377 price_display_format:u8@378
      settl_price_type:u8@379 sub_fraction:u8@380 underlying_product:u8@381 security_update_action:char@382
      maturity_month:u8@383 maturity_day:u8@384 maturity_week:u8@385 user_defined_instrument:char@386
      contract_multiplier_unit:i8@387 flow_schedule_type:i8@388 tick_rule:u8@389
    `,
  },
  {
    name: 'Definition',
    versions: [3],
    rtypes: [0x13],
    size: 520,
    fields: `
      ts_recv:ts@16 min_price_increment:price@24 display_factor:price@32 expiration:ts@40 activation:ts@48
      high_limit_price:price@56 low_limit_price:price@64 max_price_variation:price@72 unit_of_measure_qty:price@80
      min_price_increment_amount:price@88 price_ratio:price@96 strike_price:price@104 raw_instrument_id:u64@112
      leg_price:price@120 leg_delta:price@128 inst_attrib_value:i32@136 underlying_id:u32@140 market_depth_implied:i32@144
      market_depth:i32@148 market_segment_id:u32@152 max_trade_vol:u32@156 min_lot_size:i32@160 min_lot_size_block:i32@164
      min_lot_size_round_lot:i32@168 min_trade_vol:u32@172 contract_multiplier:i32@176 decay_quantity:i32@180
      original_contract_size:i32@184 leg_instrument_id:u32@188 leg_ratio_price_numerator:i32@192
      leg_ratio_price_denominator:i32@196 leg_ratio_qty_numerator:i32@200 leg_ratio_qty_denominator:i32@204
      leg_underlying_id:u32@208 appl_id:i16@212 maturity_year:u16@214 decay_start_date:u16@216 channel_id:u16@218
      leg_count:u16@220 leg_index:u16@222 currency:cstr4@224 settl_currency:cstr4@228 secsubtype:cstr6@232 raw_symbol:cstr71@238
      group:cstr21@309 exchange:cstr5@330 asset:cstr11@335 cfi:cstr7@346 security_type:cstr7@353 unit_of_measure:cstr31@360
      underlying:cstr21@391 strike_price_currency:cstr4@412 leg_raw_symbol:cstr71@416 instrument_class:char@487
      match_algorithm:char@488 main_fraction:u8@489 price_display_format:u8@490 sub_fraction:u8@491 underlying_product:u8@492
      security_update_action:char@493 maturity_month:u8@494 maturity_day:u8@495 maturity_week:u8@496
      user_defined_instrument:char@497 contract_multiplier_unit:i8@498 flow_schedule_type:i8@499 tick_rule:u8@500
      leg_instrument_class:char@501 leg_side:char@502
    `,
  },
  {
    name: 'Imbalance',
    versions: [1, 2, 3],
    rtypes: [0x14],
    size: 112,
    fields: `
      ts_recv:ts@16 ref_price:price@24 auction_time:ts@32 cont_book_clr_price:price@40 auct_interest_clr_price:price@48
      ssr_filling_price:price@56 ind_match_price:price@64 upper_collar:price@72 lower_collar:price@80 paired_qty:u32@88
      total_imbalance_qty:u32@92 market_imbalance_qty:u32@96 unpaired_qty:u32@100 auction_type:char@104 side:char@105
      auction_status:u8@106 freeze_status:u8@107 num_extensions:u8@108 unpaired_side:char@109 significant_imbalance:char@110
    `,
  },
  {
    name: 'ErrorV1',
    versions: [1],
    rtypes: [0x15],
    size: 80,
    fields: `
      err:cstr64@16
    `,
  },
  {
    name: 'Error',
    versions: [2, 3],
    rtypes: [0x15],
    size: 320,
    fields: `
      err:cstr302@16 code:u8@318 is_last:u8@319
    `,
  },
  {
    name: 'SymbolMappingV1',
    versions: [1],
    rtypes: [0x16],
    size: 80,
    fields: `
      stype_in_symbol:cstr22@16 stype_out_symbol:cstr22@38 start_ts:ts@64 end_ts:ts@72
    `,
  },
  {
    name: 'SymbolMapping',
    versions: [2, 3],
    rtypes: [0x16],
    size: 176,
    fields: `
      stype_in:u8@16 stype_in_symbol:cstr71@17 stype_out:u8@88 stype_out_symbol:cstr71@89 start_ts:ts@160 end_ts:ts@168
    `,
  },
  {
    name: 'SystemV1',
    versions: [1],
    rtypes: [0x17],
    size: 80,
    fields: `
      msg:cstr64@16
    `,
  },
  {
    name: 'System',
    versions: [2, 3],
    rtypes: [0x17],
    size: 320,
    fields: `
      msg:cstr303@16 code:u8@319
    `,
  },
  {
    name: 'StatisticsV1',
    versions: [1, 2],
    rtypes: [0x18],
    size: 64,
    fields: `
      ts_recv:ts@16 ts_ref:ts@24 price:price@32 quantity:i32@40 sequence:u32@44 ts_in_delta:i32@48 stat_type:u16@52
      channel_id:u16@54 update_action:u8@56 stat_flags:u8@57
    `,
  },
  {
    name: 'Statistics',
    versions: [3],
    rtypes: [0x18],
    size: 80,
    fields: `
      ts_recv:ts@16 ts_ref:ts@24 price:price@32 quantity:i64@40 sequence:u32@48 ts_in_delta:i32@52 stat_type:u16@56
      channel_id:u16@58 update_action:u8@60 stat_flags:u8@61
    `,
  },
  {
    name: 'Mbo',
    versions: [1, 2, 3],
    rtypes: [0xa0],
    size: 56,
    fields: `
      order_id:u64@16 price:price@24 size:u32@32 flags:u8@36 channel_id:u8@37 action:char@38 side:char@39 ts_recv:ts@40
      ts_in_delta:i32@48 sequence:u32@52
    `,
  },
  {
    name: 'Cmbp1',
    versions: [1, 2, 3],
    rtypes: [0xb1, 0xc2],
    size: 80,
    fields: `
      price:price@16 size:u32@24 action:char@28 side:char@29 flags:u8@30 ts_recv:ts@32 ts_in_delta:i32@40
      levels:ConsolidatedBidAskPair*1@48
    `,
  },
  {
    name: 'Cbbo',
    versions: [1, 2, 3],
    rtypes: [0xc0, 0xc1],
    size: 80,
    fields: `
      price:price@16 size:u32@24 side:char@29 flags:u8@30 ts_recv:ts@32 levels:ConsolidatedBidAskPair*1@48
    `,
  },
  {
    name: 'Bbo',
    versions: [1, 2, 3],
    rtypes: [0xc3, 0xc4],
    size: 80,
    fields: `
      price:price@16 size:u32@24 side:char@29 flags:u8@30 ts_recv:ts@32 sequence:u32@44 levels:BidAskPair*1@48
    `,
  },
]
