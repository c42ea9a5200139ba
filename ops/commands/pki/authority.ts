import { X509Certificate } from 'node:crypto'
import {
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { Agent, request } from 'undici'
import { Trouble } from '../../appliance/trouble.ts'

/** Where the authority is asked over the network, and the root that is believed. */
export type Authority = { operator: string; ca: string }

type Answer = { component: string; serial: string; notAfter: string; chain: string; anchors: string; lists: string }

const attempts = 20

/** Asks the operator face for a certificate, patiently: the worker makes it. @throws Trouble with what it says no to */
export async function askAuthority({ operator, ca }: Authority, path: string, body: object): Promise<Answer> {
  const dispatcher = new Agent({ connect: { ca: readFileSync(ca) } })
  try {
    for (let attempt = 1; ; attempt++) {
      const answer = await request(new URL(path, operator), {
        dispatcher,
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: new URL(operator).origin },
        body: JSON.stringify(body),
      })
      const said = (await answer.body.json()) as Answer & { detail?: string; code?: string }
      if (answer.statusCode === 201) return said
      if (answer.statusCode !== 503 || attempt === attempts)
        throw new Trouble(said.detail ?? `The authority answered ${answer.statusCode}.`, {
          setting: said.code ?? operator,
          remedy: 'npx countroom pki enrol <role> <name>, where the authority is',
        })
      await new Promise((done) => setTimeout(done, 500))
    }
  } finally {
    await dispatcher.close()
  }
}

/**
 * Puts key, chain, roots and lists where a process reads them, each whole or not at all, the key for its owner only. What root
 * writes belongs to whoever the file belonged to before, else to whoever the folder belongs to.
 */
export function keep(folder: string, name: string, key: string, answer: Answer): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  write(join(folder, 'ca.pem'), answer.anchors, 0o644)
  write(join(folder, 'revoked.pem'), answer.lists, 0o644)
  write(join(folder, `${name}.key`), key, 0o600)
  write(join(folder, `${name}.pem`), answer.chain, 0o644)
}

/** The certificate a folder holds of a component, and its key; both PEM. @throws Trouble when there is none */
export function kept(folder: string, name: string): { key: string; chain: string; serial: string } {
  const [key, chain] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)]
  if (!existsSync(key) || !existsSync(chain))
    throw new Trouble(`There is no certificate of ${name} in ${folder}.`, {
      setting: '--in',
      remedy: `npx countroom pki request ${name} --to ${folder}`,
    })
  const text = readFileSync(chain, 'utf8')
  return { key: readFileSync(key, 'utf8'), chain: text, serial: new X509Certificate(text).serialNumber.toLowerCase() }
}

function write(file: string, content: string, mode: number): void {
  const descriptor = openSync(`${file}.new`, 'w', mode)
  try {
    writeFileSync(descriptor, content)
    const { uid, gid } = statSync(existsSync(file) ? file : dirname(file))
    if (process.getuid?.() === 0) chownSync(`${file}.new`, uid, gid)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(`${file}.new`, file)
}
