import fs, { existsSync, readFileSync, rmSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import pkcs11js from 'pkcs11js'

/**
 * Put in front of a program (`--import`): it dies by SIGKILL, half-way through or before a step that lasts: a file opened for writing, written,
 * put on the disk, renamed; an object made or destroyed in a token. Which step is in the file that COUNTROOM_DIE_AT names, and
 * counted from the moment that file is there; the file goes with the process.
 */
const file = process.env.COUNTROOM_DIE_AT ?? ''
let left: number | undefined

function step(half: () => void = () => {}): void {
  if (left === undefined && existsSync(file)) left = Number(readFileSync(file, 'utf8'))
  if (left === undefined || --left > 0) return
  rmSync(file)
  half()
  process.kill(process.pid, 'SIGKILL')
}

const { openSync, writeFileSync, fsyncSync, renameSync } = fs
Object.assign(fs, {
  openSync: (...args: Parameters<typeof openSync>) => {
    if (args[1] !== 'r') step()
    return openSync(...args)
  },
  writeFileSync: (...args: Parameters<typeof writeFileSync>) => {
    step(() => writeFileSync(args[0], String(args[1]).slice(0, 20)))
    return writeFileSync(...args)
  },
  fsyncSync: (descriptor: number) => {
    step()
    return fsyncSync(descriptor)
  },
  renameSync: (...args: Parameters<typeof renameSync>) => {
    step()
    return renameSync(...args)
  },
})
syncBuiltinESMExports()

const token = pkcs11js.PKCS11.prototype
for (const name of ['C_GenerateKey', 'C_GenerateKeyPair', 'C_CreateObject', 'C_DestroyObject'] as const) {
  const real = token[name] as (...args: unknown[]) => unknown
  Object.assign(token, {
    [name](this: unknown, ...args: unknown[]) {
      step()
      return real.apply(this, args)
    },
  })
}
