import { z } from '@hono/zod-openapi'
import * as access from '#access'
import type * as staff from '#staff'
import { clientData, clientDataOf } from './client-shapes.ts'

const client = z.string().regex(/^[a-z][a-z0-9-]{2,39}$/)
const described = z.strictObject({ client, data: clientData })
const removed = z.strictObject({ client })
const takesTwo = { propose: 'clients.manage', approve: 'clients.approve' } as const

/** Letting machines and apps in, changing them, taking them out. */
export const clientActs = {
  'access.add_client': {
    title: 'Let a machine or an app in',
    payload: described,
    ...takesTwo,
    execute: (tx, command, { proposedBy, payload }) =>
      access.addClient(tx, command, { ...dataOf(payload), approvedBy: [proposedBy, command.actor.id] }),
  } satisfies staff.Act<z.infer<typeof described>>,

  'access.change_client': {
    title: 'Change a machine or an app; tokens it has are refused',
    payload: described,
    ...takesTwo,
    execute: (tx, command, { proposedBy, payload }) =>
      access.changeClient(tx, command, { ...dataOf(payload), approvedBy: [proposedBy, command.actor.id] }),
  } satisfies staff.Act<z.infer<typeof described>>,

  'access.remove_client': {
    title: 'Take a machine or an app out; tokens it has are refused',
    payload: removed,
    ...takesTwo,
    execute: (tx, command, { proposedBy, reason, payload }) =>
      access.removeClient(tx, command, { ...payload, reason, approvedBy: [proposedBy, command.actor.id] }),
  } satisfies staff.Act<z.infer<typeof removed>>,
}

function dataOf({ client, data }: z.infer<typeof described>) {
  return { client, data: clientDataOf(data) }
}
