import { spawn } from 'node:child_process'

/** One thing CI does. */
export interface Step {
  readonly name: string
  readonly command: readonly string[]
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Runs steps one after another, printing each one's name and time as it ends; a failed step prints its output and does not stop the others. */
export async function runSteps(steps: readonly Step[]): Promise<{ passed: number; failed: readonly string[] }> {
  const failed: string[] = []
  let passed = 0
  for (const step of steps) {
    const started = performance.now()
    const { code, output } = await runStep(step)
    const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(6)
    if (code === 0) passed++
    else failed.push(step.name)
    console.log(`${code === 0 ? 'pass' : 'FAIL'} ${seconds} s  ${step.name}${code === 0 ? note(output) : ''}`)
    if (code !== 0) console.log(telling(output).replace(/^/gm, '      | '))
  }
  return { passed, failed }
}

/** The last lines, and of those before them the ones that name a failure: a process that dies early says why far above. */
function telling(output: string): string {
  const lines = output.split('\n')
  const before = lines.slice(0, -120).filter((line) => /fatal|\bFAIL\b|Error:/i.test(line))
  return [...before.slice(0, 40), ...lines.slice(-120)].join('\n')
}

/** A step may print one line `note: …` worth seeing in the summary, such as a loud skip. */
function note(output: string): string {
  const notes = [...output.matchAll(/^note: (.*)$/gm)].map(([, text]) => text)
  return notes.length === 0 ? '' : `  (${notes.join('; ')})`
}

function runStep({ command, cwd, env }: Step): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(command[0], command.slice(1), {
      cwd,
      env: { ...process.env, ...env, FORCE_COLOR: '0', NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.on('error', (error) => resolve({ code: 1, output: `${output}\n${error.message}` }))
    child.on('close', (code) => resolve({ code: code ?? 1, output }))
  })
}
