/** One-minute bars of the speed cells. */
export const bars = 1_000_000
/** MBP-10 events of the book cell. */
export const bookEvents = 500_000
/** Bars of the memory cell, made while they are read. */
export const streamedBars = 20_000_000
