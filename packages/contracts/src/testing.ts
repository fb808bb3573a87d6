export { seededRandom, type Random } from './testing/random.js'
export { evidenceOfValues, policyOfRule, randomRuleCase, type RuleCase } from './testing/random-rules.js'
