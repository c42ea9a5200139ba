import { Refusal } from '#base'

export const barred = (kind: string, until?: Date) =>
  kind === 'cool_off'
    ? new Refusal(
        'refused',
        'protection.cooling_off',
        'You are taking a break. You can withdraw, but not deposit or play.',
        { until: until?.toISOString() },
      )
    : new Refusal(
        'refused',
        'protection.self_excluded',
        'You have excluded yourself. You can withdraw, but not deposit or play.',
        { until: until?.toISOString() },
      )
export const depositLimitReached = (period: string) =>
  new Refusal('refused', 'protection.deposit_limit', `This deposit would go beyond your limit per ${period}.`, {
    period,
  })
export const breakLength = (min: number, max: number) =>
  new Refusal('invalid', 'protection.break_length', `A break lasts between ${min} and ${max} hours.`)
export const exclusionLength = (min: number) =>
  new Refusal('invalid', 'protection.exclusion_length', `A self-exclusion lasts at least ${min} months, at most 60.`)
