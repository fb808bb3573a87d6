import { allContracts, defaultPolicies, defaultPolicyCases } from '@gatehouse/contracts'

/** Every file that is generated from the sources, by its path in the package. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const text = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`
  return new Map([
    ...allContracts.map(({ name, schema }) => [`schemas/${name}.schema.json`, text(schema)] as const),
    ...defaultPolicies.map((policy) => [`policies/${policy.id}.json`, text(policy)] as const),
    ...defaultPolicyCases().map((cases) => [`policies/${cases.policyId}.cases.json`, text(cases)] as const),
  ])
}
