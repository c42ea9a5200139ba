import { type Span, SpanKind } from '@opentelemetry/api'
import type { Lane } from '#base'
import { fail, type Spans } from './spans.ts'

export type FollowedLanes<Item, Answer> = {
  /** As `lanes`, with a span from the moment an item was handed over to its answer. */
  follow(lanes: Lane<Item, Answer>): Lane<Item, Answer>
  /** Does the work of a batch, all of which belongs to each of its items that is followed. */
  booking<T>(items: readonly Item[], work: () => Promise<T>): Promise<T>
}

/** Whoever's turn it is to send a batch sends it for others: so what it asks belongs to those whose items are in it, and to nobody else. */
export function followLanes<Item extends object, Answer>(spans: Spans): FollowedLanes<Item, Answer> {
  const spanOf = new WeakMap<Item, Span>()
  return {
    follow: (lanes) => ({
      ...lanes,
      get waiting() {
        return lanes.waiting
      },
      submit(affinity, item) {
        const [parent] = spans.active()
        if (!parent) return lanes.submit(affinity, item)
        const span = spans.begin('lane', SpanKind.INTERNAL, parent)
        spanOf.set(item, span)
        const answer = lanes.submit(affinity, item)
        answer.then(
          () => span.end(),
          (error: unknown) => {
            fail(span, error)
            span.end()
          },
        )
        return answer
      },
    }),
    booking(items, work) {
      const theirs = items.flatMap((item) => spanOf.get(item) ?? [])
      for (const span of theirs) span.setAttribute('countroom.batch.size', items.length)
      return spans.within(theirs, work)
    },
  }
}
