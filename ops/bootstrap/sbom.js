import { prepare, runPinned } from './prepare.js'

prepare()
const status = runPinned([
  'node_modules/@cyclonedx/cyclonedx-npm/bin/cyclonedx-npm-cli.js',
  '--output-file',
  'sbom.json',
  '--output-format',
  'JSON',
  '--package-lock-only',
  '--no-validate',
])
if (status === 0) process.stdout.write('sbom.json is written (CycloneDX).\n')
process.exit(status)
