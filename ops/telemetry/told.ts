import { readFileSync, statSync } from 'node:fs'
import { credentialsFolder } from '../appliance/credentials.ts'
import type { Home } from '../appliance/home.ts'
import type { Users } from '../appliance/identity.ts'
import { ownerOf } from '../appliance/ownership.ts'
import type { Settings } from '../appliance/settings.ts'
import { Trouble } from '../appliance/trouble.ts'

type Follower = 'core' | 'work' | 'edge'

/** The section of a process that follows requests, none where nobody is told; its headers are handed to its user as secrets are. */
export function telemetryOf(home: Home, settings: Settings, users: Users, kind: Follower, name: string): object {
  const { telemetry, nodeName } = settings
  if (telemetry === undefined || telemetry.traces.share === 0) return {}
  const { endpoint, caFile } = telemetry.otlp
  const headers = headersOf(settings)
  const headersFile = home.path(fileOf(kind))
  if (headers !== undefined) home.write(fileOf(kind), JSON.stringify(headers), 0o400, ownerOf(users, kind))
  return {
    telemetry: {
      endpoint,
      ...(caFile === undefined ? {} : { caFile }),
      ...(headers === undefined ? {} : { headersFile }),
      instance: `${nodeName}/${name}`,
      share: telemetry.traces.share,
    },
  }
}

/** What a process reads for it under the permission model. */
export function telemetryFiles(home: Home, { telemetry }: Settings, kind: Follower): string[] {
  if (telemetry === undefined || telemetry.traces.share === 0) return []
  const { caFile, headersFile } = telemetry.otlp
  return [...(caFile === undefined ? [] : [caFile]), ...(headersFile === undefined ? [] : [home.path(fileOf(kind))])]
}

/** The headers that let us in, by name. @throws Trouble when their file is not there, open to others, or holds something else */
export function headersOf({ telemetry }: Settings): Record<string, string> | undefined {
  const file = telemetry?.otlp.headersFile
  if (file === undefined) return undefined
  const setting = '"telemetry" in countroom.json'
  const mode = (statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o777
  if ((mode & 0o077) !== 0)
    throw new Trouble(`The secret ${file} is open to others (mode ${mode.toString(8)}).`, {
      setting,
      remedy: `chmod 600 ${file}; whoever could read it may know it`,
    })
  const lines = linesOf(file, setting).map((line) => /^([\w-]+):\s*(\S[\x20-\x7e]*)$/.exec(line))
  if (lines.every((line) => line !== null)) return Object.fromEntries(lines.map(([, name, value]) => [name, value]))
  throw new Trouble(`${file} holds something else than headers.`, {
    setting,
    remedy: 'one header a line, as in: authorization: Bearer …',
  })
}

function linesOf(file: string, setting: string): string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
  } catch (cause) {
    throw new Trouble(`The headers in ${file} cannot be read: ${(cause as Error).message}`, {
      setting,
      remedy: `make it, or correct the name: ls -l ${file}`,
      cause,
    })
  }
}

function fileOf(kind: Follower): string {
  return `${credentialsFolder}/${kind}/otlp-headers`
}
