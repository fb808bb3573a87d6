export { errorCodes } from './error-codes.js'
export { mixSeeds, random, type Random } from './random.js'

export {
  residual,
  type Activation,
  type HeadDefinition,
  type HeadWeight,
  type LayerDefinition,
  type NetworkDefinition,
} from './network/definition.js'
export {
  resolveNetwork,
  type ResolvedHead,
  type ResolvedLayer,
  type ResolvedNetwork,
  type Shape,
  type TensorDefinition,
} from './network/resolve.js'
export { initialWeights, type ParameterLayout, type Weights } from './network/parameters.js'
export { kernelSha256, kernels, type KernelBackend, type KernelFunctions, type KernelSet } from './kernels/index.js'

export {
  noTapeExecutor,
  type AdamStep,
  type BatchRows,
  type Executor,
  type OptimiserState,
  type Outputs,
  type SampleWeights,
} from './train/executor.js'
export {
  pickGroups,
  pickRows,
  pickSamples,
  rowSamples,
  windowSamples,
  type Labels,
  type Samples,
  type TrainingSet,
} from './train/samples.js'
export {
  trainNetwork,
  type EpochReport,
  type OptimiserOptions,
  type Schedule,
  type TrainedNetwork,
  type TrainNetworkOptions,
} from './train/train-network.js'

export {
  combinatorialSplits,
  holdOutSplit,
  uniquenessWeights,
  walkForwardSplits,
  type CombinatorialSplit,
  type LabelIntervals,
  type PurgeOptions,
  type Split,
} from './split/purged-splits.js'

export {
  brierScore,
  classMetrics,
  confusionMatrix,
  expectedCalibrationError,
  logLoss,
  predictedClasses,
  rankedProbabilityScore,
  reliability,
  rocAuc,
  type ClassMetrics,
  type Numbers,
  type ReliabilityBin,
} from './evaluate/classification.js'
export { meanSpearman, ndcg, pearson, precisionAt, type RankingOptions } from './evaluate/ranking.js'
export { rSquared } from './evaluate/regression.js'
export { calibrate, describeCalibration, fitIsotonic, fitTemperature, readCalibration, type Calibration } from './calibrate/calibration.js'

export { describeNetwork, networkFromDescription } from './artifact/describe-network.js'
export {
  goldenVectors,
  readArtifact,
  verifyGolden,
  weightsFile,
  writeArtifact,
  type ArtifactParts,
  type LoadedArtifact,
} from './artifact/artifact.js'
export { readSafetensors, writeSafetensors, type Safetensors, type StoredTensor } from './artifact/safetensors.js'

export { compilePlan, type OutputKind, type Plan, type PlanOptions, type PlanOutput } from './serve/plan.js'
export { compileStreamingPlan, type StreamingPlan } from './serve/streaming-plan.js'
export { fitNormaliser, noNormaliser, normalise, normaliseGroup, type Normaliser } from './serve/normaliser.js'

export { registerGradients } from './tape/gradients.js'
export { fusedOps } from './tape/fused-ops.js'
export { tapeExecutor, type TapeBatch, type TapeExecutorOptions } from './tape/tape-executor.js'
export { tapeForward, type TapePass, type TensorMap } from './tape/tape-network.js'
export { type TapeOps, type TensorFlow } from './tape/tape-ops.js'
export { selectTensorBackend, type TensorBackend, type TensorBackendName } from './tape/tensor-backend.js'

export {
  feature,
  followedBy,
  over,
  type FeatureDefinition,
  type FeatureOperator,
  type MissingRule,
  type Reader,
} from './feature/feature.js'
export { featureSet, requireSameFeatures, type FeatureSet, type FeatureStream } from './feature/feature-set.js'
export { featureMatrix, type FeatureMatrix, type FeatureMatrixOptions } from './feature/feature-matrix.js'
export { splitTime } from './feature/clock-cells.js'
export { averageTrueRange, barReaders, dayOfWeek, timeOfDay, volumeByHour } from './feature/bar-features.js'
export {
  bookWidth,
  imbalance,
  isAction,
  levelDistance,
  levelSize,
  micropriceDeviation,
  mid,
  orderFlowImbalance,
  orderSizeRatio,
  queueRatio,
  secondsBetween,
  spreadTicks,
  tradeFlow,
} from './feature/book-features.js'
export {
  chain,
  combine,
  combineInto,
  difference,
  drawdown,
  efficiency,
  ewma,
  ewmaVolatility,
  identity,
  type JoinInto,
  lag,
  log,
  logReturn,
  map,
  mapInto,
  rangePosition,
  relativeStrength,
  rollingMax,
  rollingMean,
  rollingMin,
  rollingStd,
  rollingSum,
  square,
  squareRoot,
  type Transform,
  wilder,
  zScore,
} from './feature/transform.js'

export {
  cutIntoClasses,
  forwardReturn,
  gradesWithin,
  labelIntervals,
  metaLabel,
  rowsAfter,
  signedImpact,
  smoothedDirection,
  spreadTransition,
  trendByVolatility,
  tripleBarrier,
  type BarrierLabels,
  type LabelSet,
} from './label/labels.js'

export { driftMonitor, driftReference, type DriftMonitor, type DriftReference } from './drift/drift.js'
export { openPredictor, outputCalibrations, type KitPredictor, type PredictorOptions } from './serve/predictor.js'

export {
  auditSplits,
  findLookAhead,
  type LookAheadFinding,
  type Pipeline,
  type PipelineRows,
  type RawTable,
} from './evaluate/look-ahead.js'
export { bootstrapInterval, takeRows, type BootstrapOptions, type Interval } from './evaluate/bootstrap.js'
export { classPrior, linearNetwork, persistence } from './evaluate/baselines.js'
export { growTrees, type GradientTrees, type TreeOptions, type TreeSamples } from './evaluate/gradient-trees.js'
export { type Tree } from './evaluate/tree-grower.js'
export { heldOut, type HeldOut, type Look } from './evaluate/held-out.js'
export { permutationImportance } from './evaluate/permutation-importance.js'

export { averageNetworks } from './train/average-networks.js'
export { meanOutputs, predictOutputs } from './train/predict.js'
export { crossValidate, trainEnsemble, trainMany, type FoldResult, type TrainJob, type TrainManyOptions } from './train/train-many.js'
export { samplesFrom, type SampleSource } from './train/samples.js'

export {
  aucStatistic,
  calibrationStatistic,
  classStatistic,
  meanStatistic,
  rSquaredStatistic,
  type Statistic,
} from './evaluate/statistics.js'
export { constantBaseline, lastSteps, linearBaseline, ruleBaseline, treesBaseline } from './family/baselines.js'
export { defineFamily, type KitFamily } from './family/define-family.js'
export {
  type Baseline,
  type BaselineFold,
  type CalibrationMethod,
  type Economics,
  type FamilyDefinition,
  type FamilyServing,
  type FamilyTraining,
  type LoadedFamily,
  type Measure,
} from './family/definition.js'
export { positionReturns, sharpePerPeriod } from './family/economics.js'
export { fitRows, fittedDigest, type Fit, type FitOptions, type FittedModel } from './family/fit.js'
export { crossValidateFamily, type CrossValidateOptions, type CrossValidation } from './family/cross-validate.js'
export { evaluateFamily, judgeFamily, type Judgement, type JudgeOptions } from './family/judge.js'
export { outputValues, testLabels, type Judging } from './family/judging.js'
export { measureLatency, type Latency } from './family/latency.js'
export { featureInputs, loadFamily, openInstrument } from './family/load.js'
export { heldOutByLedger, lookLedger, openLookLedger, type HeldOutByLedger, type LookEntry, type LookLedger } from './family/looks.js'
export { predictRows } from './family/predict-rows.js'
export { checkRows, groupOffsets, intervalsOf, labelledRows, stretchOf, type FamilyRows } from './family/rows.js'
export { stackSeries, type LabelledSeries, type StackedRows } from './family/stack-series.js'
export { trainFamily } from './family/train.js'
export { universePredictor } from './family/universe.js'
export { featureMatrices, mergeViews, type FeatureLane } from './feature/feature-matrix.js'
export { featureImportance, type FeatureImportance } from './family/importance.js'
export { type Deciles } from './family/definition.js'
export { decilesOf, reportOf, type Decile, type EvaluationReport, type HeadReport } from './evaluate/report.js'
export { renderEvaluationHtml } from './evaluate/report-html.js'
