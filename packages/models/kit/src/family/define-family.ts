import { type Candidate, type Dataset, type EvaluateOptions, type Model, type ModelFamily, type Prediction } from '@gatehouse/core'
import { reportOf, type EvaluationReport } from '../evaluate/report.js'
import { type FamilyDefinition } from './definition.js'
import { judgeFamily, type Judgement, type JudgeOptions } from './judge.js'
import { loadFamily } from './load.js'
import { type FamilyRows } from './rows.js'
import { trainFamily } from './train.js'

/** A family made with the kit: core's interface, its definition, and the evaluation with all that a report shows. */
export interface KitFamily<R extends FamilyRows, P extends Prediction> extends ModelFamily<P> {
  readonly definition: FamilyDefinition<R, P>
  evaluate(candidate: Candidate, dataset: Dataset, options: JudgeOptions | EvaluateOptions): ReturnType<ModelFamily<P>['evaluate']>
  /** {@link evaluate}, with every row's prediction and the baselines' beside it. */
  judge(candidate: Candidate, dataset: Dataset, options: JudgeOptions): Promise<Judgement<R>>
  /** {@link evaluate}, with what `renderEvaluationHtml` makes a page of: confusion, reliability, learning curves, importance of features, outcome by tenths, drift. */
  report(candidate: Candidate, dataset: Dataset, options: JudgeOptions): Promise<EvaluationReport>
  /** Of a registered artifact, or for research of a candidate as it was trained. */
  load(artifact: Pick<Candidate, 'files'>): Promise<Model<P>>
}

/** Features, labels, a network and what to measure, as a family. */
export function defineFamily<R extends FamilyRows, P extends Prediction>(definition: FamilyDefinition<R, P>): KitFamily<R, P> {
  return {
    name: definition.name,
    definition,
    features: (source) => definition.features(source).spec,
    train: (dataset, options) => trainFamily(definition, dataset, options),
    evaluate: async (candidate, dataset, options) => (await judgeFamily(definition, candidate, dataset, options)).evaluation,
    judge: (candidate, dataset, options) => judgeFamily(definition, candidate, dataset, options),
    report: async (candidate, dataset, options) => reportOf(definition, await judgeFamily(definition, candidate, dataset, options)),
    load: (artifact) => loadFamily(definition, artifact),
  }
}
