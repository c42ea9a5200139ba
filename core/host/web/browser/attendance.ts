/** A page nobody sits at stops asking, because every question keeps a sign-in alive that should end by itself. */
const idleMsMax = 5 * 60_000

let activeAt = Date.now()
for (const event of ['pointerdown', 'keydown']) addEventListener(event, () => (activeAt = Date.now()))

/** Whether the page is to be seen, and somebody was at it within the last minutes. */
export function attended(): boolean {
  return !document.hidden && Date.now() - activeAt < idleMsMax
}
