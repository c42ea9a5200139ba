import { get, send } from './api.ts'
import { asking, badge, type Cell, code, fill, openDialog, table, tell } from './desk-parts.ts'
import { act, byId, facts, make } from './elements.ts'
import { when } from './words.ts'

type Member = {
  staff: string
  name: string
  enrolledAt: string
  lastSignIn: string | null
  lastSignInFrom: string | null
  disabledAt: string | null
  roles: Array<{ role: string; since: string; until: string | null }>
  held: Array<{ permission: string; roles: string[]; usedAt: string | null }>
}
type Review = {
  digest: string
  last: { by: string; at: string; finding: string } | null
  due: boolean
  members: Member[]
}
type Emergency = {
  emergency: string
  kind: 'place' | 'alone'
  name: string | null
  reason: string
  custodians: string[]
  openedAt: string
  until: string
  reviewedAt: string | null
}

const pollMs = 30_000

/** Who works here and may do what: the review of access, as everybody with `staff.view` sees it. */
export async function paintStaff(permissions: ReadonlySet<string>, after: () => Promise<void>): Promise<void> {
  await fill('staff', async () => {
    const review = await get<Review>('/api/staff')
    const rows = review.members.map((member): Cell[] => {
      const unused = member.held.filter(({ usedAt }) => usedAt === null).length
      return [
        make('span', {}, member.name, ' ', code(member.staff)),
        make(
          'span',
          {},
          ...(member.disabledAt ? [badge('shut out'), ` ${when(member.disabledAt)}`] : []),
          ...member.roles.flatMap(({ role, until }) => [badge(role), until ? ` until ${when(until)} ` : ' ']),
        ),
        lastSignInOf(member),
        `${unused} of ${member.held.length}`,
        act('Look', { 'aria-label': `Look at ${member.name}` }, () => look(member, permissions, after)),
      ]
    })
    const { last, due } = review
    return make(
      'div',
      {},
      table(['Who', 'Roles', 'Last sign-in', 'Never used', ''], rows, 'Nobody works here.'),
      make(
        'p',
        { class: 'fine' },
        last ? `Last reviewed ${when(last.at)} by ${last.by}: ${last.finding}` : 'Never reviewed.',
        ...(due ? [' ', badge('due'), ' Somebody has to look every 90 days.'] : []),
      ),
      ...(permissions.has('staff.review')
        ? [
            asking('review', 'Reviewed', 'What you found', async (finding) => {
              await send('/api/staff/reviews', { digest: review.digest, finding })
              tell('The review is noted.')
              await after()
            }),
          ]
        : []),
    )
  })
}

function lastSignInOf({ lastSignIn, lastSignInFrom }: Member): string {
  if (!lastSignIn) return 'never'
  return lastSignInFrom ? `${when(lastSignIn)} from ${lastSignInFrom}` : when(lastSignIn)
}

/** A bar over the desk while glass is broken that nobody has reviewed. */
export async function watchEmergencies(mayAsk: () => boolean, permissions: ReadonlySet<string>): Promise<void> {
  const paint = async () => {
    const { emergencies } = await get<{ emergencies: Emergency[] }>('/api/emergencies')
    const open = emergencies.filter(({ reviewedAt }) => reviewedAt === null)
    const bar = byId('emergency')
    bar.hidden = open.length === 0
    bar.replaceChildren(
      ...open.flatMap((each) => [wordsOf(each), ...(permissions.has('staff.review') ? [reviewing(each)] : [])]),
    )
  }
  const reviewing = ({ emergency }: Emergency) =>
    asking(`finding-${emergency}`, 'Reviewed', 'What you found', async (finding) => {
      await send(`/api/emergencies/${emergency}/review`, { finding })
      tell('The review is noted.')
      await paint()
    })
  await paint()
  setInterval(() => {
    const typing = byId('emergency').contains(document.activeElement)
    if (mayAsk() && !typing) void paint().catch(() => {}) // out of reach is told by the page itself
  }, pollMs)
}

function wordsOf({ kind, name, reason, custodians, openedAt, until }: Emergency): string {
  const by = custodians.length > 0 ? `by the shares of ${custodians.join(', ')}` : 'from the console'
  const what =
    kind === 'alone'
      ? `${name} may approve alone what they ask for, until ${when(until)}`
      : 'an administrator may be enrolled by a link'
  return `Glass was broken ${by}, ${when(openedAt)}: ${what}. Why: ${reason}. Somebody else has to review what was done.`
}

function look(member: Member, permissions: ReadonlySet<string>, after: () => Promise<void>): void {
  const rows = member.held.map(({ permission, roles, usedAt }) => [
    permission,
    roles.join(', '),
    usedAt ? when(usedAt) : badge('never used'),
  ])
  const close = openDialog(
    member.name,
    'event',
    make('h2', {}, member.name),
    facts([
      ['Member', member.staff],
      ['Enrolled', when(member.enrolledAt)],
    ]),
    table(['May', 'By', 'Last used'], rows, 'This member may do nothing.'),
    ...(permissions.has('staff.disable') && !member.disabledAt
      ? [
          asking('dismiss', 'Shut out at once', 'Why', async (reason) => {
            await send(`/api/staff/${member.staff}/dismissal`, { reason })
            close()
            tell(`${member.name} is shut out.`)
            await after()
          }),
        ]
      : []),
    make(
      'div',
      { class: 'decision' },
      act('Close', {}, () => close()),
    ),
  )
}
