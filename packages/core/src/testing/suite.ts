/** One check, tied to no test runner: `for (const { name, run } of feedCases(open)) test(name, run)`. */
export interface ConformanceCase {
  readonly name: string
  readonly run: () => Promise<void>
}

/** A check as a suite's author writes it. */
export interface CaseDefinition<Harness, Claim extends string = never> {
  readonly name: string
  /** Optional ability that the case is about. Cases without one are the mandatory core: they cannot be opted out of. */
  readonly needs?: Claim | undefined
  readonly check: (harness: Harness) => Promise<void>
}

export interface SuiteDefinition<Harness, Claim extends string = never> {
  /** What is judged: `'Feed'`. */
  readonly suite: string
  readonly cases: readonly CaseDefinition<Harness, Claim>[]
  /** Opens a fresh thing under test with the handle that makes its outside world misbehave; called once a case. */
  readonly open: () => Promise<Harness>
  /** Releases what `open` made; also after a failure. */
  readonly release?: ((harness: Harness) => Promise<void>) | undefined
  /** Optional abilities the implementation claims. */
  readonly claims?: readonly Claim[] | undefined
}

/**
 * The cases of a suite for one implementation, and a last case whose name says what was covered and what was not claimed;
 * it fails when a mandatory case of this suite did not run or did not pass, so a runner's filter cannot hide one.
 */
export function conformanceSuite<Harness, Claim extends string = never>(
  definition: SuiteDefinition<Harness, Claim>,
): readonly ConformanceCase[] {
  const { suite, cases, open, release, claims = [] } = definition
  const covered = cases.filter(({ needs }) => needs === undefined || claims.includes(needs))
  const notClaimed = [...new Set(cases.flatMap(({ needs }) => (needs !== undefined && !claims.includes(needs) ? [needs] : [])))]
  const passed = new Set<string>()
  const mandatory = covered.filter(({ needs }) => needs === undefined)
  const summary = `${suite} conformance: ${mandatory.length} mandatory and ${covered.length - mandatory.length} optional cases${
    notClaimed.length === 0 ? '' : `; not claimed: ${notClaimed.join(', ')}`
  }`
  return [
    ...covered.map(({ name, check }) => ({
      name: `${suite}: ${name}`,
      run: async () => {
        const harness = await open()
        try {
          await check(harness)
          passed.add(name)
        } finally {
          await release?.(harness)
        }
      },
    })),
    {
      name: summary,
      run: async () => {
        const missing = mandatory.filter(({ name }) => !passed.has(name)).map(({ name }) => name)
        if (missing.length > 0) throw new Error(`${suite}: the mandatory core was not passed: ${missing.join(' · ')}`)
      },
    },
  ]
}

/** Runs a suite without a runner. @returns the names of the cases that failed, with their errors */
export async function runCases(cases: readonly ConformanceCase[]): Promise<readonly { readonly name: string; readonly error: unknown }[]> {
  const failures: { name: string; error: unknown }[] = []
  for (const { name, run } of cases) {
    try {
      await run()
    } catch (error) {
      failures.push({ name, error })
    }
  }
  return failures
}
