import { Refusal } from '#base'

export const notClosed = () =>
  new Refusal('conflict', 'privacy.not_closed', 'This account is open still. It is closed first.')
export const moneyLeft = () =>
  new Refusal('conflict', 'privacy.money_left', 'There is money in this account, or set aside. It is paid out first.')
export const decidedAlready = () =>
  new Refusal('conflict', 'privacy.decided_already', 'The erasure of this account is decided already.')
export const outlookChanged = () =>
  new Refusal(
    'conflict',
    'privacy.outlook_changed',
    'What may be erased is not what was asked for any more. Look at it again and ask anew.',
  )
