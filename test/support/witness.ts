import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import * as audit from '#audit'
import { freePort } from './port.ts'

export type RunningWitness = { process: ChildProcess; url: string; key: audit.NoteKey; stop(): Promise<void> }

/** A witness of a log in a process of its own, as somebody outside runs it. */
export async function startWitness(dir: string, log: audit.NoteKey): Promise<RunningWitness> {
  const listen = `127.0.0.1:${await freePort()}`
  const args = [
    'witness',
    '--dir',
    dir,
    '--name',
    'witness.example/one',
    '--log',
    audit.vkeyOf(log),
    '--listen',
    listen,
  ]
  const program = join(import.meta.dirname, '../../ops/countroom.ts')
  const witness = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  while (said.split('\n').length < 3)
    said += await new Promise((resolve, reject) => {
      witness.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()))
      witness.once('exit', () => reject(new Error(`the witness ended: ${said}`)))
    })
  const [, vkey = ''] = said.split('\n')
  return {
    process: witness,
    url: `http://${listen}`,
    key: audit.readVkey(vkey),
    async stop() {
      const ended = new Promise((resolve) => witness.once('exit', resolve))
      witness.kill('SIGTERM')
      await ended
    },
  }
}
