import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { manifestPinContract, type ManifestPin } from '@gatehouse/contracts'
import type { Instrument, TimeNs } from '@gatehouse/core'

/** What the trading program needs to know: everything else it finds, and verifies, in the folder. */
export interface TradingPlan {
  readonly out: string
  readonly seed: number
  readonly pin: ManifestPin
  readonly instruments: readonly Instrument[]
  readonly tradeFrom: TimeNs
  readonly last: TimeNs
  /** `macro-regime@paper`, or the digest of an artifact that no gate let through. */
  readonly model: string
}

const file = (out: string): string => join(out, 'plan.json')

export function writePlan(plan: TradingPlan): void {
  const text = JSON.stringify(plan, (_, value: unknown) => (typeof value === 'bigint' ? { ns: String(value) } : value), 2)
  writeFileSync(file(plan.out), text)
}

export function readPlan(out: string): TradingPlan {
  const plan = JSON.parse(readFileSync(file(out), 'utf8'), (_, value: unknown) =>
    typeof value === 'object' && value !== null && 'ns' in value ? BigInt(value.ns as string) : value,
  ) as TradingPlan
  return { ...plan, pin: manifestPinContract.parse(plan.pin) }
}
