import { spawnSync } from 'node:child_process'
import { dirname } from 'node:path'
import { asUser, type Kind, type Users, userNames } from './identity.ts'
import type { Settings } from './settings.ts'
import { Trouble } from './trouble.ts'

type Named = { file: string; setting: string; kind: Kind; writes?: true }

/**
 * What the settings name beyond the home belongs to the operator: it is left as it is, and has to be within reach of the user whose
 * process works with it. @throws Trouble with the command that gives it away
 */
export function refuseOutOfReach(settings: Settings, users: Users): void {
  for (const { file, setting, kind, writes } of namedBy(settings)) {
    const test = writes
      ? 'if test -e "$0"; then test -r "$0" && test -w "$0"; else test -w "$1"; fi'
      : 'test -r "$0" || test ! -e "$0"' // what is not there is told by who misses it
    if (!users[kind]) continue
    const [command, args] = asUser(users[kind], '/bin/sh', ['-c', test, file, dirname(file)])
    if (spawnSync(command, args, { cwd: '/' }).status === 0) continue
    throw new Trouble(`${userNames[kind]} cannot ${writes ? 'write' : 'read'} ${file}.`, {
      setting: `"${setting}" in countroom.json`,
      remedy: `chown ${userNames[kind]}: ${file}; namei -l ${file} shows the folders above it`,
    })
  }
}

function namedBy(settings: Settings): Named[] {
  const { pkcs11, auditShipTo: ship, mailServer, smsCarrier, telemetry, edge } = settings
  const pin = pkcs11?.pin.from === 'file' ? pkcs11.pin.file : undefined
  const syslog = ship && 'syslog' in ship ? ship.syslog : undefined
  const read = [syslog?.caFile, syslog?.certFile, syslog?.keyFile].filter((file) => file !== undefined)
  return [
    ...(pin === undefined ? [] : [{ file: pin, setting: 'pkcs11', kind: 'keys' } as const]),
    ...(ship && 'file' in ship
      ? [{ file: ship.file, setting: 'auditShipTo', kind: 'work', writes: true } as const]
      : []),
    ...read.map((file) => ({ file, setting: 'auditShipTo', kind: 'work' }) as const),
    ...[mailServer?.caFile, mailServer?.passwordFile]
      .filter((file) => file !== undefined)
      .map((file) => ({ file, setting: 'mailServer', kind: 'work' }) as const),
    ...[smsCarrier?.caFile, smsCarrier?.secretFile]
      .filter((file) => file !== undefined)
      .map((file) => ({ file, setting: 'smsCarrier', kind: 'work' }) as const),
    ...(smsCarrier?.receiptSecretFile === undefined
      ? []
      : [{ file: smsCarrier.receiptSecretFile, setting: 'smsCarrier', kind: 'core' } as const]),
    ...(['core', 'work', 'edge'] as const).flatMap((kind) => {
      const file = telemetry?.otlp.caFile
      return file === undefined ? [] : [{ file, setting: 'telemetry', kind }]
    }),
    ...[edge.acme?.caFile, ...(edge.certificates ?? []).flatMap(({ cert, key }) => [cert, key])]
      .filter((file) => file !== undefined)
      .map((file) => ({ file, setting: 'edge', kind: 'edge' }) as const),
    ...(['networkPlacesFile', 'networksListedFile'] as const).flatMap((setting) => {
      const file = settings[setting]
      return file === undefined ? [] : [{ file, setting, kind: 'core' } as const]
    }),
  ]
}
