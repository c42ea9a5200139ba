/** Every choice of one out of each, the last turning fastest. The array is the same each time. */
export function everyChoice(sizes: readonly number[], visit: (chosen: Uint32Array) => void): void {
  const chosen = new Uint32Array(sizes.length)
  const last = sizes.length - 1
  for (;;) {
    visit(chosen)
    let wheel = last
    while (wheel >= 0 && chosen[wheel] === (sizes[wheel] as number) - 1) chosen[wheel--] = 0
    if (wheel < 0) return
    chosen[wheel]!++
  }
}
