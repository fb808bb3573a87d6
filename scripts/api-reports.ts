/**
 * The public surface of every entry point as `api/<package>.api.md`, so that a change of surface shows in a diff.
 * `--write` updates the reports; without it a difference fails. Needs a build.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor'
import { packages } from './packages.js'

const write = process.argv.includes('--write')
const temporary = mkdtempSync(join(tmpdir(), 'gatehouse-api-'))
mkdirSync('api', { recursive: true })
let changed = 0
for (const { name, directory, entries } of packages()) {
  for (const { subpath, types } of entries) {
    if (!existsSync(types)) throw new Error(`${types} is missing: run npm run build first`)
    const report =
      `${name.replace('@gatehouse/', '')}${subpath === '.' ? '' : subpath.slice(1).replaceAll('/', '-').replace(/^/, '-')}`.replace(
        '--',
        '-',
      )
    const config = ExtractorConfig.prepare({
      configObjectFullPath: resolve(directory, 'api-extractor.json'),
      packageJsonFullPath: resolve(directory, 'package.json'),
      configObject: {
        projectFolder: resolve(directory),
        mainEntryPointFilePath: resolve(types),
        compiler: { tsconfigFilePath: resolve(directory, 'tsconfig.json') },
        apiReport: { enabled: true, reportFileName: `${report}.api.md`, reportFolder: resolve('api'), reportTempFolder: temporary },
        newlineKind: 'lf',
        docModel: { enabled: false },
        dtsRollup: { enabled: false },
        tsdocMetadata: { enabled: false },
        messages: {
          extractorMessageReporting: { default: { logLevel: 'none' as never } },
          compilerMessageReporting: { default: { logLevel: 'none' as never } },
          tsdocMessageReporting: { default: { logLevel: 'none' as never } },
        },
      },
    })
    const { apiReportChanged } = Extractor.invoke(config, {
      localBuild: write,
      messageCallback: (message) => void (message.handled = true),
    })
    if (apiReportChanged) {
      changed++
      console.log(`${write ? 'updated' : 'changed'}: api/${report}.api.md`)
    }
  }
}
rmSync(temporary, { recursive: true, force: true })
if (changed > 0 && !write) {
  console.log(
    'The public surface differs from the committed reports: npm run build && npm run api, and commit the reports with a changeset.',
  )
  process.exitCode = 1
}
