import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatTime, type ModelDescription } from '@gatehouse/contracts'
import type { Dataset, TimeNs } from '@gatehouse/core'
import { holdOutSplit, intervalsOf, labelledRows, writeSafetensors, type FamilyRows } from '@gatehouse/model-kit'
import { family } from './family.js'

/** Writes what Python needs: rows as safetensors, and as `task.json` what binds the artifact to features and data. */
export function writeTask(
  folder: string,
  { dataset, rows, until, unseen, seed }: { dataset: Dataset; rows: FamilyRows; until: TimeNs; unseen: Int32Array; seed: number },
): void {
  const known = labelledRows(rows, (row) => rows.t1[row] < until)
  const split = holdOutSplit(intervalsOf(rows, known), { share: 0.15 })
  const [train, validation] = [split.train, split.test].map((part) => Int32Array.from(part, (i) => known[i]))
  const { steps, ends } = rows.windows!
  const size = steps * rows.width
  const inputs = (part: Int32Array) => {
    const values = new Float32Array(part.length * size)
    part.forEach((row, i) => values.set(rows.table.subarray((ends[row] + 1) * rows.width - size, (ends[row] + 1) * rows.width), i * size))
    return { shape: [part.length, steps, rows.width], values }
  }
  const labels = (part: Int32Array) => ({
    shape: [part.length],
    values: Float32Array.from(part, (row) => rows.labels.get('direction')![row]),
  })
  const tensors = new Map([
    ['train/inputs', inputs(train)],
    ['train/labels', labels(train)],
    ['validation/inputs', inputs(validation)],
    ['validation/labels', labels(validation)],
    ['unseen/inputs', inputs(unseen)],
  ])
  writeFileSync(join(folder, 'rows.safetensors'), writeSafetensors({ tensors, metadata: {} }))
  const { modelName, name, heads, columns } = family.definition
  const [pin] = dataset.pins
  const features = family.features(dataset.source)
  const end = known.reduce((latest, row) => (rows.t1[row] > latest ? rows.t1[row] : latest), 0n)
  const task = {
    seed,
    name: modelName,
    family: name,
    features,
    heads,
    trigger: { every: 'ohlcv-1h' },
    needs: {
      type: 'manifest-shape',
      contractVersion: '1.0',
      columns: pin.holds.columns.filter((column) => columns.includes(column.name)),
      sources: [features.items[0].source],
    } satisfies ModelDescription['needs'],
    provenance: { data: [pin], train: { from: formatTime(rows.t0[train[0]]), to: formatTime(end + 1n) } },
    metadata: {
      title: 'Direction of the next seven hourly bars',
      author: 'research',
      createdAt: formatTime(until),
      hypothesis: 'Momentum runs on in busy markets and is faded in thin ones',
      intendedUse: 'Synthetic names, regular sessions',
      run: `python-research-${seed}`,
      limitations: 'Knows nothing of news; not for other sources',
    },
  }
  writeFileSync(join(folder, 'task.json'), JSON.stringify(task))
}
