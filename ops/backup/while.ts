/** Tells again and again how far a work is, as long as it goes on; what cannot be found out is not told. */
export async function telling<T>(
  tell: ((words: string) => void) | undefined,
  found: () => string | undefined | Promise<string | undefined>,
  work: Promise<T>,
): Promise<T> {
  if (!tell) return work
  let over = false
  const done = work.finally(() => {
    over = true
  })
  const say = async () => {
    for (let words: string | undefined; !over; await new Promise((resolve) => setTimeout(resolve, 1000).unref())) {
      words = await (async () => found())().catch(() => undefined)
      if (words !== undefined && !over) tell(words)
    }
  }
  void say()
  return done
}
