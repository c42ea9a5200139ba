import { readFileSync } from 'node:fs'
import { connect, getCACertificates } from 'node:tls'
import { Trouble } from '../appliance/trouble.ts'
import type { Repository } from './settings.ts'

/**
 * Shakes hands with the storage of a repository, where it is one: pgBackRest asks one that is away for minutes before it says so.
 *
 * @throws Trouble that says why there is no hand
 */
export async function refuseSilent(repository: Repository): Promise<void> {
  if (!('s3' in repository)) return
  const { endpoint, bucket, style, caFile, silenceSecondsMax } = repository.s3
  const { hostname, port } = new URL(`https://${endpoint.replace(/^https:\/\//, '')}`)
  const servername = style === 'host' ? `${bucket}.${hostname}` : hostname
  const ca = caFile === undefined ? getCACertificates('system') : read(caFile) // as pgBackRest takes it
  const why = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    const socket = connect({
      host: servername,
      servername,
      port: Number(port || 443),
      timeout: silenceSecondsMax * 1000,
      ca,
    })
    const end = (error?: Error) => {
      socket.destroy()
      resolve(error)
    }
    socket.once('secureConnect', () => end())
    socket.once('error', end)
    socket.once('timeout', () => end(new Error(`no answer within ${silenceSecondsMax} s`)))
  })
  if (!why) return
  const untrusted = /CERT|ALTNAME|SIGNATURE|ISSUER|SELF_SIGNED/.test(why.code ?? '')
  throw new Trouble(
    untrusted
      ? `The storage shows a certificate that is not vouched for: ${why.message}.`
      : `The storage does not answer: ${why.message || why.code}.`,
    {
      setting: untrusted
        ? '"caFile" of a repository in countroom.json'
        : '"endpoint" of a repository in countroom.json',
      remedy: untrusted
        ? 'name the certificate of its authority in caFile'
        : 'is it up, and reached from here? The next look goes on by itself; ops/runbooks/backup.md',
    },
  )
}

function read(caFile: string): Buffer {
  try {
    return readFileSync(caFile)
  } catch {
    throw new Trouble(`${caFile} cannot be read.`, {
      setting: '"caFile" of a repository in countroom.json',
      remedy: `ls -l ${caFile}; the user of PostgreSQL reads it, too`,
    })
  }
}
