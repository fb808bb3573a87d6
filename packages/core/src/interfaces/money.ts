/** An exact amount: bigint nano-units (1e-9) of one currency, so that cash, fees and P&L reconcile to the last unit. */
export interface Money {
  readonly currency: string
  readonly nano: bigint
}
