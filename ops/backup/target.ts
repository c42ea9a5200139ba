import { Trouble } from '../appliance/trouble.ts'

/** Up to where the log is replayed: all there is, an instant, or a transaction by its number, with it. */
export type Target = { kind: 'now' } | { kind: 'time'; at: Date } | { kind: 'xid'; xid: string }

/** @throws Trouble */
export function parseTarget(text: string): Target {
  if (text === 'now') return { kind: 'now' }
  if (/^(xid:)?\d{1,10}$/.test(text)) return { kind: 'xid', xid: text.replace('xid:', '') }
  const at = new Date(text)
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(at.getTime()) || at > new Date())
    throw new Trouble(`"${text}" is nothing to restore to.`, {
      setting: '--to',
      remedy: 'now, an instant of the past such as 2026-11-25T03:00:00Z, or the number of a transaction',
    })
  return { kind: 'time', at }
}

/** As `--to` takes it. */
export function toWord(target: Target): string {
  if (target.kind === 'now') return 'now'
  return target.kind === 'time' ? target.at.toISOString() : target.xid
}

export function tellTarget(target: Target): string {
  if (target.kind === 'now') return 'all that was archived'
  return target.kind === 'time' ? target.at.toISOString() : `transaction ${target.xid}`
}

/** The words that tell pgBackRest. */
export function targetWords(target: Target): string[] {
  if (target.kind === 'now') return ['--type=default']
  const text = target.kind === 'time' ? `${target.at.toISOString().replace('T', ' ').replace('Z', '')}+00` : target.xid
  return [`--type=${target.kind}`, `--target=${text}`, '--target-action=promote']
}
