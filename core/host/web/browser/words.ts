/** Human names of what the API names by a code; an unknown code is shown as it is. */

const outside: Record<string, string> = {
  red: 'Red',
  black: 'Black',
  odd: 'Odd',
  even: 'Even',
  low: '1 to 18',
  high: '19 to 36',
  'dozen:1': '1st dozen',
  'dozen:2': '2nd dozen',
  'dozen:3': '3rd dozen',
  'column:1': '1st column',
  'column:2': '2nd column',
  'column:3': '3rd column',
}

/** `straight:17` is 17, `split:17-20` is Split 17/20, `dozen:1` is 1st dozen. */
export function betName(on: string): string {
  const [kind = '', numbers = ''] = on.split(':')
  if (outside[on]) return outside[on]
  if (kind === 'straight') return numbers
  return `${capital(kind.replace('-', ' '))} ${numbers.replaceAll('-', '/')}`
}

const kinds: Record<string, string> = {
  deposit: 'Deposit',
  'deposit.held': 'Deposit held for review',
  'deposit.released': 'Deposit released',
  'withdrawal.held': 'Withdrawal asked for, set aside',
  'withdrawal.paid': 'Withdrawal paid out',
  'withdrawal.rejected': 'Withdrawal declined, returned',
  'withdrawal.failed': 'Payout failed, returned',
  'round.held': 'Stake set aside',
  'round.voided': 'Not finished, stake given back',
}

export function kindName(kind: string): string {
  return kinds[kind] ?? capital(kind.replaceAll(/[._]/g, ' '))
}

const states: Record<string, [name: string, mood: 'good' | 'bad' | 'open']> = {
  pending: ['Pending', 'open'],
  credited: ['Credited', 'good'],
  held: ['Under review', 'open'],
  failed: ['Failed', 'bad'],
  requested: ['Waiting for review', 'open'],
  approved: ['Approved', 'open'],
  sent: ['On its way', 'open'],
  paid: ['Paid', 'good'],
  rejected: ['Declined', 'bad'],
  active: ['Active', 'good'],
  pending_email: ['E-mail not confirmed', 'open'],
  suspended: ['Suspended', 'bad'],
  closed: ['Closed', 'bad'],
  late: ['Late', 'bad'],
  success: ['Done', 'good'],
  failure: ['Failed', 'bad'],
  denied: ['Denied', 'bad'],
  alarm: ['Alarm', 'bad'],
  waits: ['Waits for two', 'open'],
  machine: ['Machine', 'open'],
  app: ['App', 'open'],
}

export function stateName(state: string): string {
  return states[state]?.[0] ?? capital(state.replaceAll('_', ' '))
}

export function moodOf(state: string): string {
  return states[state]?.[1] ?? 'open'
}

export function when(at: string | null | undefined): string {
  return at ? new Date(at).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' }) : ''
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
