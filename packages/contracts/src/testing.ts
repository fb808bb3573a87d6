export { seededRandom, type Random } from './testing/random.js'
export { evidenceOfValues, policyOfRule, randomRuleCase, type RuleCase } from './testing/random-rules.js'
export { loadSmallNetwork, smallCandidate, type CandidateOptions } from './testing/small-network.js'
export { passingEvidence } from './testing/passing-evidence.js'
