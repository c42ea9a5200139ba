/** What a member of staff can be allowed to do. */
export const permissions = [
  'players.view',
  'players.unmask',
  'players.suspend',
  'payments.view',
  'payments.approve',
  'books.view',
  'audit.view',
  'program.view',
  'program.verify',
  'staff.enrol',
  'keys.manage',
  'pki.manage',
] as const
export type Permission = (typeof permissions)[number]

/** Roles as data: each a set of permissions. */
export const roles = {
  administrator: permissions,
  payments: ['players.view', 'payments.view', 'payments.approve'],
  support: ['players.view', 'players.unmask', 'players.suspend', 'payments.view'],
  auditor: ['players.view', 'payments.view', 'books.view', 'audit.view', 'program.view', 'program.verify'],
} as const satisfies Record<string, readonly Permission[]>
export type StaffRole = keyof typeof roles

export function isRole(name: string): name is StaffRole {
  return Object.hasOwn(roles, name)
}

export function may(role: string, permission: Permission): boolean {
  return isRole(role) && (roles[role] as readonly Permission[]).includes(permission)
}

export const sessionIdleSecondsMax = 15 * 60 // PCI DSS 8.2.8
export const sessionSecondsMax = 8 * 3600
export const enrolmentSecondsMax = 24 * 3600
export const failuresMax = 5
export const failureWindowSeconds = 15 * 60
export const passwordLengthMin = 15 // NIST SP 800-63B-4, as the only factor
export const vouchersMin = 2 // PCI DSS 3.7.6: nobody manages keys alone
