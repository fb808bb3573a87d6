import type { Contract } from './contract.js'
import { evaluationContract } from './evaluation.js'
import { evidenceContract } from './evidence.js'
import { gatePolicyContract, policyCasesContract } from './gate-policy.js'
import { gateReportContract } from './gate-report.js'
import { manifestPinContract, manifestShapeContract } from './manifest.js'
import { modelDescriptionContract, modelMetadataContract } from './model.js'
import { noticeContract } from './notice.js'
import { approvalContract, promotionContract } from './promotion.js'
import { registryEntryContract } from './registry-entry.js'

/** Every document kind; `schemas/<name>.schema.json` is generated from each. */
export const allContracts: readonly Contract<unknown>[] = [
  modelDescriptionContract,
  modelMetadataContract,
  manifestPinContract,
  manifestShapeContract,
  evaluationContract,
  evidenceContract,
  gatePolicyContract,
  policyCasesContract,
  gateReportContract,
  promotionContract,
  approvalContract,
  registryEntryContract,
  noticeContract,
]
