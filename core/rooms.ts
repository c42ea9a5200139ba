/**
 * The rooms, from the ground up: a room may use only the rooms before it. The same order runs the migrations and
 * names the PostgreSQL schemas. `test/architecture.test.ts` holds the promise.
 */
export const rooms = [
  'base',
  'keys',
  'audit',
  'pki',
  'program',
  'rng',
  'ledger',
  'messages',
  'factors',
  'staff',
  'licences',
  'players',
  'protection',
  'sessions',
  'access',
  'cashier',
  'games',
  'privacy',
] as const
