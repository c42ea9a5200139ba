#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { fail, pinnedNode, stayPinned } from './prepare.js'

if (!existsSync(pinnedNode)) fail('Countroom is not set up yet.', pinnedNode, 'npm start')
stayPinned(process.argv.slice(2))
