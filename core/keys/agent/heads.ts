import { AgentRefusal } from './refusal.ts'

/** A tree of a log: how many leaves, and their root in base 64. */
export type Head = { readonly size: number; readonly root: string }

/**
 * The log that `sk-audit` signs. `last` was signed, and whether it was kept is not known before the next one is asked for:
 * the transaction that asked may not have come to its end. `kept` is the one before.
 */
export type SignedLog = { readonly origin: string; readonly kept: Head | null; readonly last: Head }

/**
 * A log never signs what contradicts what it signed before (C2SP tlog-checkpoint), and the database that holds it can be put
 * back to an older state; so the agent, which is not in the database, remembers. `after` is the checkpoint that the asker
 * has kept last: it must be the one signed last, or, where that one was lost with its transaction, the one before;
 * or it `grew` from one of these under the log's own signature, because another node of these keys signed in between.
 *
 * @throws AgentRefusal `keys.log_rewound` where it is neither, `keys.refused` for what is no checkpoint
 */
export function nextLog(known: SignedLog | undefined, message: Buffer, after: Head | null, grew = false): SignedLog {
  const [, origin = '', size = '', root = ''] =
    /^([^\n]+)\n([1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n(?:[^\n]+\n)*$/.exec(message.toString('utf8')) ?? []
  if (origin === '') throw new AgentRefusal('keys.refused', 'this is no checkpoint of a log that has leaves')
  const next = { size: Number(size), root }
  if (after && next.size < after.size) throw rewound(`${origin} cannot become smaller than ${after.size} leaves`)
  if (!known) return { origin, kept: after, last: next }
  if (isSame(known.last, after) && known.origin === origin) return { origin, kept: after, last: next }
  if (isSame(known.kept, after) && (known.kept === null || known.origin === origin))
    return { origin, kept: after, last: next }
  if (grew && known.origin === origin) return { origin, kept: after, last: next }
  const { last } = known
  throw rewound(
    `${known.origin} was signed with ${last.size} leaves; ${origin} now goes on from ${after?.size ?? 'nothing'}`,
  )
}

/**
 * What a node knows of the log when it takes another's keys: whichever of the two memories reaches further, so that a node that
 * joins does not sign a second tree. What it signed itself it does not forget for the memory of another log.
 */
export function furtherLog(own: SignedLog | undefined, theirs: SignedLog | undefined): SignedLog | undefined {
  if (!own || !theirs) return own ?? theirs
  return own.origin === theirs.origin && theirs.last.size > own.last.size ? theirs : own
}

function isSame(one: Head | null, other: Head | null): boolean {
  return one === null || other === null ? one === other : one.size === other.size && one.root === other.root
}

function rewound(why: string): AgentRefusal {
  return new AgentRefusal('keys.log_rewound', why, 'conflict')
}
