import { featureSpecHash, TradingError, type ModelDescription } from '@gatehouse/contracts'
import { readCalibration } from '../calibrate/calibration.js'
import { type ResolvedNetwork, sizeOf } from '../network/resolve.js'
import { planOutputs } from '../serve/plan.js'

/** What a `model.json` says of its network in other places than `network`. */
export type Claims = Pick<ModelDescription, 'features' | 'labels' | 'calibration' | 'driftReference' | 'golden'>

/**
 * Checks that a `model.json` agrees with itself: features are as many as the network takes and hash to what is said, labels and calibrations are of its outputs,
 * the drift reference follows the features, and golden vectors are whole samples. All of it before memory is taken for the network.
 * @throws {TradingError} `MODEL_ARTIFACT_INVALID`
 */
export function requireAgreement({ features, labels, calibration, driftReference, golden }: Claims, network: ResolvedNetwork): void {
  const { input, heads, outputWidth } = network
  const { items, rows, hash } = features
  const found = featureSpecHash({ items, rows })
  if (found !== hash) throw disagree('features.hash', hash, found)
  const width = input[input.length - 1]
  if (items.length !== width) throw disagree('features.items', `${width}, as the network takes`, items.length)
  if (input.length === 2 && rows !== input[0]) throw disagree('features.rows', `${input[0]}, as the network takes`, rows)

  // One label an output: its kind, and as many names as classes.
  const said = (kind: string, classes: number | undefined): string => (classes === undefined ? kind : `${kind} of ${classes}`)
  for (const { name, width: outputs, definition } of heads) {
    const about = labels.heads.filter(({ output }) => output === name)
    const expected = said(definition.kind, about[0]?.classes && outputs)
    if (about.length !== 1 || said(about[0].kind, about[0].classes?.length) !== expected)
      throw disagree(`labels of output "${name}"`, expected, about.map(({ kind, classes }) => said(kind, classes?.length)).join() || 'none')
  }
  if (labels.heads.length !== heads.length) throw disagree('labels.heads', heads.length, labels.heads.length)

  const outputs = planOutputs(heads)
  calibration.forEach((entry, i) => {
    const output = outputs.find(({ name }) => name === entry.output)
    const { kind } = readCalibration(entry)
    const isProbability = output !== undefined && (output.kind === 'logits' || output.kind === 'probabilities')
    const isUsable = kind === 'none' || (isProbability && (kind !== 'isotonic' || output.width === 1))
    const isFirst = calibration.findIndex((one) => one.output === entry.output) === i
    if (output === undefined || !isUsable || !isFirst)
      throw disagree('calibration', 'one an output, isotonic for a single event', `${kind} of "${entry.output}"`)
  })

  driftReference?.forEach(({ feature, edges, fractions }, j) => {
    const isAscending = edges.every((edge, k) => k === 0 || edge > edges[k - 1])
    if (feature !== items[j]?.name || fractions.length !== edges.length + 1 || !isAscending)
      throw disagree(`driftReference[${j}]`, `"${items[j]?.name}" with ascending edges and one fraction more`, `"${feature}"`)
  })
  golden.vectors.forEach(({ input: raw, output }, vector) => {
    const samples = raw.length / sizeOf(input)
    if (!Number.isInteger(samples) || output.length !== samples * outputWidth)
      throw disagree(`golden.vectors[${vector}]`, `samples of ${sizeOf(input)} numbers with ${outputWidth} outputs each`, `${raw.length} numbers with ${output.length} outputs`) // prettier-ignore
  })
}

function disagree(at: string, expected: unknown, found: unknown): TradingError {
  return new TradingError(
    'MODEL_ARTIFACT_INVALID',
    `model.json disagrees with itself at ${at}: expected ${String(expected)}, found ${String(found)}; write the artifact again`,
    { at, expected, found },
  )
}
