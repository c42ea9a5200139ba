/**
 * Remembers who has the keyboard within a game, because what was pressed may hide or stand still while a round is shown. The answer gives it back,
 * if it was lost: to the same, else to `first`, else to what can be pressed now and could not before. Who went elsewhere is not called back.
 */
export function holdFocus(parts: readonly HTMLElement[], first: HTMLElement): () => void {
  const held = document.activeElement
  if (!(held instanceof HTMLElement) || !parts.some((part) => part.contains(held))) return () => {}
  const before = new Set(pressable(parts))
  const byKeyboard = held.matches(':focus-visible')
  return () => {
    const present = document.activeElement
    if (present !== document.body && present !== held) return
    const now = pressable(parts)
    const next = [held, first].find((each) => now.includes(each)) ?? now.find((each) => !before.has(each)) ?? now[0]
    next?.focus({ preventScroll: !byKeyboard })
  }
}

/** In the order of Tab. */
function pressable(parts: readonly HTMLElement[]): HTMLElement[] {
  return parts
    .flatMap((part) => [...part.querySelectorAll<HTMLElement>('button,input,a')])
    .filter((each) => !each.matches(':disabled') && each.tabIndex >= 0 && each.checkVisibility())
}
