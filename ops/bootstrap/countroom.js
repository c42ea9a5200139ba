#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { fail, pinnedNode, runPinned } from './prepare.js'

process.on('SIGINT', () => {})
if (!existsSync(pinnedNode)) fail('Countroom is not set up yet.', undefined, 'npm start')
process.exit(runPinned(['--disable-warning=ExperimentalWarning', 'ops/countroom.ts', ...process.argv.slice(2)]))
