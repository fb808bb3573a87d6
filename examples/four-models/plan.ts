import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { manifestPinContract, type ManifestPin } from '@gatehouse/contracts'
import type { Instrument, Schema, TimeNs } from '@gatehouse/core'
import type { FamilyName, FamilySettings, Windows } from './lane.js'

/** A manifest that was recorded, by the pin that names its bytes for ever. */
export interface RecordedTable {
  readonly schema: Schema
  readonly directory: string
  readonly pin: ManifestPin
}

export interface RecordedLane extends Windows {
  readonly family: FamilyName
  readonly settings?: FamilySettings | undefined
  readonly tables: readonly RecordedTable[]
  readonly instruments: readonly Instrument[]
  /** When the last row could be known. */
  readonly last: TimeNs
  readonly warmUpNs: bigint
}

/** What the programs that research and trade need to know: everything else they find, and verify, in the folder. */
export interface Plan {
  readonly out: string
  readonly seed: number
  readonly codeHash: string
  readonly lanes: readonly RecordedLane[]
  readonly sessions: readonly { readonly name: string; readonly lanes: readonly FamilyName[] }[]
  /** `macro-regime@paper`, or the digest of an artifact that no gate let through; known once the gate has spoken. */
  readonly models: Readonly<Partial<Record<FamilyName, string>>>
}

const file = (out: string): string => join(out, 'plan.json')

export function writePlan(plan: Plan): void {
  const text = JSON.stringify(plan, (_, value: unknown) => (typeof value === 'bigint' ? { ns: String(value) } : value), 2)
  writeFileSync(file(plan.out), text)
}

export function readPlan(out: string): Plan {
  const plan = JSON.parse(readFileSync(file(out), 'utf8'), (_, value: unknown) =>
    typeof value === 'object' && value !== null && 'ns' in value ? BigInt(value.ns as string) : value,
  ) as Plan
  const lanes = plan.lanes.map((lane) => ({
    ...lane,
    tables: lane.tables.map((table) => ({ ...table, pin: manifestPinContract.parse(table.pin) })),
  }))
  return { ...plan, lanes }
}

/** The lane of a family. */
export function laneOf({ lanes }: Plan, family: FamilyName): RecordedLane {
  const lane = lanes.find((one) => one.family === family)
  if (lane === undefined) throw new Error(`The plan has no lane of ${family}.`)
  return lane
}
