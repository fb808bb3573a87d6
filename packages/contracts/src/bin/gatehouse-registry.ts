#!/usr/bin/env node
import { nodeCommandIo, runRegistryCommand } from '../cli.js'

const { GATEHOUSE_REGISTRY: directory, GATEHOUSE_TRUSTED_KEYS: keys, GATEHOUSE_SIGNING_KEY_FILE: keyFile } = process.env
const { exitCode, stdout, stderr } = await runRegistryCommand(process.argv.slice(2), nodeCommandIo({ directory, keys, keyFile }))
process.stdout.write(stdout)
process.stderr.write(stderr)
process.exitCode = exitCode
