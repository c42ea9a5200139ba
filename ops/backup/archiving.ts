import type { Home } from '../appliance/home.ts'
import { parts, pgbackrestBinary, stanza } from './place.ts'

/**
 * Settings of PostgreSQL that archive its log continuously. Until the repositories are ready the command fails, and
 * PostgreSQL keeps what it has and asks again.
 */
export function archiving(home: Home, { archiveSeconds }: { archiveSeconds: number }): Record<string, string> {
  const words = [
    `exec ${pgbackrestBinary}`,
    quoted(`--config=${home.path(parts.configuration)}`),
    quoted(`--config-include-path=${home.path(parts.secret)}`),
    `--stanza=${stanza} archive-push`,
  ]
  const command = `test -e ${quoted(home.path(parts.ready))} && ${words.join(' ')}`.replaceAll('%', '%%')
  return { archive_mode: 'on', archive_timeout: `${archiveSeconds}s`, archive_command: `${command} %p` }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
