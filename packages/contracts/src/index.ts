export { TradingError, isTradingError, type ErrorCode } from '@gatehouse/durable-log'
export type { CallOptions, Closable, Progress } from './call-options.js'
export { errorCodes } from './error-codes.js'
export { canonicalJson, type Json } from './canonical/canonical-json.js'
export { documentDigest, sha256Hex } from './canonical/digest.js'
export { formatTime, nsPerDay, nsPerSecond, parseTime, systemClock, type Clock, type TimeNs } from './time/time.js'

export { schemaId, type Contract, type DocumentOf, type DocumentProblem } from './schema/contract.js'
export { allContracts } from './schema/all-contracts.js'
export {
  modelDescriptionContract,
  modelMetadataContract,
  type Feature,
  type FeatureSpec,
  type ModelDescription,
  type ModelMetadata,
} from './schema/model.js'
export { manifestPinContract, manifestShapeContract, type DataSource, type ManifestPin, type ManifestShape } from './schema/manifest.js'
export { evaluationContract, type Evaluation } from './schema/evaluation.js'
export { evidenceContract, type Evidence, type Measurement } from './schema/evidence.js'
export {
  gatePolicyContract,
  policyCasesContract,
  type GateClause,
  type GatePolicy,
  type InputDeclaration,
  type PolicyCases,
} from './schema/gate-policy.js'
export { gateReportContract, type ClauseReport, type GateReport, type Remedy } from './schema/gate-report.js'
export { approvalContract, promotionContract, type Approval, type DsseEnvelope, type Promotion } from './schema/promotion.js'
export {
  noticeContract,
  noticeSeverity,
  type Notice,
  type NoticeEnvelope,
  type NoticePayload,
  type NoticeType,
  type Severity,
} from './schema/notice.js'
export { createNotice, type NoticeOptions, type NoticeSource } from './notice/create-notice.js'

export type { Rule, RuleOperand, RuleOperator } from './gate/rule.js'
export type { Gate, PolicyFinding, Refusal } from './gate/interfaces.js'

export { isAdmitted, recheckAdmission } from './registry/admitted.js'
export type {
  Admission,
  Admitted,
  AliasReference,
  AliasState,
  Artifact,
  CandidateFiles,
  Computable,
  Environment,
  HistoryEntry,
  PromoteRequest,
  PromoteResult,
  Registry,
  RegistryHead,
  RegistryVerification,
  RevocationTarget,
  Stage,
} from './registry/interfaces.js'

export { openGate } from './gate/open-gate.js'
export { checkPolicy, type CheckedPolicy } from './gate/policy-check.js'
export { renderReportMarkdown } from './gate/render-report.js'
export { renderReportHtml } from './gate/render-report-html.js'
export { defaultPolicies, defaultPolicy, defaultPolicyDigests } from './policies/default-policies.js'
export { defaultPolicyCases } from './policies/golden-cases.js'
export { edgeName, evidenceFromEvaluation } from './policies/evidence-from-evaluation.js'
export { testPolicy, type CaseProblem } from './policies/test-policy.js'
export { openRegistry } from './registry/open-registry.js'
export type { RegistryOptions } from './registry/registry-context.js'
export { signApproval } from './registry/approvals.js'
export { generateSigningKey, keyIdOf, type KeyPair, type KeyRole, type SigningKey, type TrustedKey } from './registry/keys.js'
export { featureSpecHash, inputSize, outputSize } from './registry/description-check.js'
export { holdsSource, isSameSource, manifestShapeProblems } from './registry/manifest-shape.js'
export { float32Tensor, readSafetensors, type TensorEntry } from './registry/safetensors.js'
export { readArtifact } from './registry/read-artifact.js'
export { registryMeasurements } from './registry/measured-evidence.js'
export { registryEntryContract, type RegistryEntry } from './schema/registry-entry.js'

export { sync, type SyncOptions, type SyncResult } from './sync/sync.js'
export { directoryStore } from './sync/directory-store.js'
export { httpStore, type HttpStoreOptions, type StoreRequest } from './sync/http-store.js'
export { s3Authorizer, type S3Credentials } from './sync/s3-authorizer.js'
export type { ObjectStore } from './sync/object-store.js'
