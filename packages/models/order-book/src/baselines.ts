import { type Baseline, constantBaseline, linearBaseline, ruleBaseline } from '@gatehouse/model-kit'
import { outputWidth, place } from './prediction.js'
import { type BookRows } from './rows.js'

/** Imbalance of the best level from which on the rule expects a move. */
const leaning = 1 / 3

/** What the model is measured against, on the same rows. */
export const bookBaselines: readonly Baseline<BookRows>[] = [
  constantBaseline('majority', { edges: ['macroF1', 'spreadMacroF1'], say: 'commonest' }),
  ruleBaseline('rule', {
    description: 'up above a third of imbalance at the best level, down below, else flat; a spread of more than a tick narrows',
    edges: ['auc', 'macroF1', 'spreadMacroF1'],
    rule({ imbalance, spread }, row, target) {
      target[place.direction + (imbalance[row] > leaning ? 2 : imbalance[row] < -leaning ? 0 : 1)] = 1
      target[place.spread + (spread[row] > 1.5 ? 0 : 1)] = 1
    },
  }),
  linearBaseline('logistic', { edges: ['auc', 'macroF1', 'spreadMacroF1', 'impactR2'] }),
  {
    name: 'squareRootLaw',
    description: 'impact proportional to the signed square root of the net volume of the step, fitted on the training rows',
    edges: ['impactR2'],
    predict({ rows, train, test }) {
      const root = (row: number): number => Math.sign(rows.flow[row]) * Math.sqrt(Math.abs(rows.flow[row]))
      let [both, own] = [0, 0]
      for (const row of train) {
        if (Number.isNaN(rows.impactBp[row])) continue
        both += root(row) * rows.impactBp[row]
        own += root(row) ** 2
      }
      const slope = own > 0 ? both / own : 0
      const values = new Float32Array(test.length * outputWidth)
      test.forEach((row, i) => {
        values.fill(1 / 3, i * outputWidth, i * outputWidth + place.impact)
        values[i * outputWidth + place.impact] = (slope * root(row)) / rows.scaleBp[row]
      })
      return values
    },
  },
]
