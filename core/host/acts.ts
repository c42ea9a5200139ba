import { z } from '@hono/zod-openapi'
import * as access from '#access'
import { Refusal, readPositiveMoney, showMoney } from '#base'
import * as cashier from '#cashier'
import * as ledger from '#ledger'
import * as players from '#players'
import * as protection from '#protection'
import * as staff from '#staff'
import { clientActs } from './client-acts.ts'
import { gameActs } from './game-acts.ts'
import { keyActs } from './key-acts.ts'
import { privacyActs } from './privacy-acts.ts'

const playerId = z.string().max(40)
const memberId = z.string().max(40)
const roleName = z.string().regex(/^[a-z][a-z_]{1,39}$/)
/** In full digits, so that `5` and `5.00` are one payload. */
const money = z.strictObject({ amount: z.string().max(40), currency: z.string().max(8) }).transform((wire, context) => {
  try {
    return showMoney(readPositiveMoney(wire))
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Refusal ? error.message : 'This is no amount.' })
    return z.NEVER
  }
})

/** Every act that takes two, with what does it once another has approved. */
export const acts: staff.Acts = {
  'ledger.adjust': act({
    title: 'Correct a player’s balance',
    payload: z.strictObject({ player: playerId, direction: z.enum(['credit', 'debit']), amount: money }),
    propose: 'adjustments.propose',
    approve: 'adjustments.approve',
    player: ({ player }) => player,
    async execute(tx, command, { proposal, payload: { player, direction, amount } }) {
      const { wallet, currency } = await walletOf(tx, player)
      if (amount.currency !== currency) throw foreignCurrency(currency)
      const minor = readPositiveMoney(amount).amount
      await ledger.adjust(tx, command, { wallet, amount: direction === 'credit' ? minor : -minor, approval: proposal })
    },
  }),

  'cashier.approve_payout': act({
    title: 'Pay out a large withdrawal',
    payload: z.strictObject({ withdrawal: z.string().max(40), player: playerId, amount: money }),
    propose: 'payments.approve',
    approve: 'payments.approve_large',
    player: ({ player }) => player,
    async execute(tx, command, { proposal, reason, payload: { withdrawal } }) {
      await cashier.approve(tx, command, { withdrawal, reason, approval: proposal })
    },
  }),

  'protection.impose_limit': act({
    title: 'Set or lift a limit of the house on a player’s deposits',
    payload: z.strictObject({
      player: playerId,
      period: z.enum(Object.keys(protection.periods) as [protection.Period, ...protection.Period[]]),
      amount: money.nullable(),
    }),
    propose: 'limits.propose',
    approve: 'limits.approve',
    player: ({ player }) => player,
    async execute(tx, command, { proposal, reason, payload: { player, period, amount } }) {
      const { wallet, currency } = await walletOf(tx, player)
      if (amount && amount.currency !== currency) throw foreignCurrency(currency)
      const minor = amount && readPositiveMoney(amount).amount
      await protection.imposeLimit(tx, command, { player, wallet, period, amount: minor, approval: proposal, reason })
    },
  }),

  'staff.set_role': act({
    title: 'Change what a role permits, or make one',
    payload: z.strictObject({
      role: roleName,
      title: z.string().trim().min(2).max(60),
      permissions: z
        .array(z.enum(staff.permissions))
        .max(100)
        .transform((words) => [...new Set(words)].sort()),
    }),
    propose: 'roles.propose',
    approve: 'roles.approve',
    execute: (tx, command, { proposal, payload }) => staff.setRole(tx, command, { ...payload, proposal }),
  }),

  'staff.grant': act({
    title: 'Give a member of staff a role',
    payload: z.strictObject({ staff: memberId, role: roleName }),
    propose: 'roles.propose',
    approve: 'roles.approve',
    concerns: (payload) => payload.staff,
    execute: (tx, command, { proposal, payload }) => staff.grant(tx, command, { ...payload, proposal }),
  }),

  'staff.revoke': act({
    title: 'Take a role from a member of staff',
    payload: z.strictObject({ staff: memberId, role: roleName }),
    propose: 'roles.propose',
    approve: 'roles.approve',
    concerns: (payload) => payload.staff,
    execute: (tx, command, { proposal, payload }) => staff.revoke(tx, command, { ...payload, proposal }),
  }),

  'staff.elevate': act({
    title: 'Have a role oneself, for some minutes',
    payload: z.strictObject({ role: roleName, minutes: z.int().min(5).max(staff.elevationMinutesMax) }),
    propose: null,
    approve: 'roles.approve',
    execute: (tx, command, { proposal, proposedBy, payload }) =>
      staff.grant(tx, command, { ...payload, staff: proposedBy, proposal }),
  }),

  'staff.enable': act({
    title: 'Let a member of staff in again who was shut out',
    payload: z.strictObject({ staff: memberId }),
    propose: 'staff.disable',
    approve: 'roles.approve',
    concerns: (payload) => payload.staff,
    execute: (tx, command, { proposal, payload }) => staff.enable(tx, command, { ...payload, proposal }),
  }),

  'staff.reset_passkeys': act({
    title: 'Let a member of staff make a new passkey, who has lost theirs',
    payload: z.strictObject({ staff: memberId }),
    propose: 'staff.enrol',
    approve: 'roles.approve',
    concerns: (payload) => payload.staff,
    async execute(tx, command, { reason, payload }) {
      await staff.resetPasskeys(tx, command, { ...payload, reason })
      await access.endAccount(tx, payload.staff) // whoever has what they lost may be signed on in an app
    },
  }),

  'staff.enrol': act({
    title: 'Enrol somebody in a privileged role',
    payload: z.strictObject({ role: roleName, who: z.string().trim().min(2).max(120) }),
    propose: 'staff.enrol',
    approve: 'roles.approve',
  }),

  'access.add_client': act(clientActs['access.add_client']),
  'access.change_client': act(clientActs['access.change_client']),
  'access.remove_client': act(clientActs['access.remove_client']),

  'games.offer': act(gameActs['games.offer']),
  'games.open': act(gameActs['games.open']),

  'privacy.erase': act(privacyActs['privacy.erase']),

  'keys.rotate': act(keyActs['keys.rotate']),
  'keys.destroy': act(keyActs['keys.destroy']),
  'keys.ceremony': act(keyActs['keys.ceremony']),
}

/** Keeps what a payload is together with what does it. */
function act<P>(one: staff.Act<P>): staff.Act {
  return one as staff.Act
}

async function walletOf(tx: Parameters<typeof ledger.walletOf>[0], player: string): Promise<ledger.Wallet> {
  const found = await ledger.walletOf(tx, player)
  if (!found) throw players.playerUnknown()
  return found
}

function foreignCurrency(currency: string): Refusal {
  return new Refusal('invalid', 'host.currency_foreign', `This account is kept in ${currency}.`)
}
