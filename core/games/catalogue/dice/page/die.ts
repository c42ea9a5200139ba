import { draw } from '../../../../host/web/browser/art.ts'
import { make } from '../../../../host/web/browser/elements.ts'
import { frames, type Patience, run } from '../../../../host/web/browser/motion.ts'
import { sound } from '../../../../host/web/browser/sound.ts'

/** How often a die that tumbles shows another side. */
const sidesShown = 14

/** The faces of a ten-sided die as they are seen, from the lightest to the darkest. */
export const faces: ReadonlyArray<readonly [d: string, light: string]> = [
  ['M50 3L92 40L89 63L50 97L11 63L8 40Z', 'edge'],
  ['M50 6L25 53L10 41Z', 'left'],
  ['M50 6L75 53L90 41Z', 'right'],
  ['M25 53L50 66L50 94L13 62L10 41Z', 'under-left'],
  ['M75 53L50 66L50 94L87 62L90 41Z', 'under-right'],
  ['M50 6L75 53L50 66L25 53Z', 'front'],
]

/** A ten-sided die that comes to rest on a digit that is known. */
export function drawDie(kind: 'whole' | 'part') {
  const digit = draw('text', { x: 50, y: 48, class: 'digit' })
  const svg = draw('svg', { viewBox: '0 0 100 100' })
  svg.append(...faces.map(([d, light]) => draw('path', { d, class: light })), digit)
  const body = make('div', { class: `die ${kind}` }, svg)
  digit.textContent = '0'

  return {
    element: body,
    set(shown: number): void {
      digit.textContent = String(shown)
    },
    async roll(shown: number, ms: number, patience: Patience): Promise<void> {
      let side = -1
      const tumble = frames(ms * 0.8, patience, (gone) => {
        const now = Math.floor(gone ** 0.7 * sidesShown)
        if (now !== side) digit.textContent = String(gone < 1 ? (shown + 7 * (sidesShown - now)) % 10 : shown)
        side = now
      })
      await Promise.all([tumble, run(() => [body.animate([...path], { duration: ms, easing: 'linear' })], patience)])
      if (!patience.hurried) sound('deal')
    },
  }
}

/** In from the left, two bounces, at rest. */
const path: readonly Keyframe[] = [
  { transform: 'translate(-260%, -130%) rotate(-700deg)', opacity: 0, easing: 'cubic-bezier(.4,0,.9,.6)' },
  { transform: 'translate(-150%, 6%) rotate(-380deg)', opacity: 1, offset: 0.3, easing: 'cubic-bezier(.1,.6,.5,1)' },
  { transform: 'translate(-80%, -62%) rotate(-210deg)', offset: 0.5, easing: 'cubic-bezier(.5,0,.9,.5)' },
  { transform: 'translate(-34%, 4%) rotate(-95deg)', offset: 0.68, easing: 'cubic-bezier(.1,.6,.5,1)' },
  { transform: 'translate(-12%, -20%) rotate(-40deg)', offset: 0.81, easing: 'cubic-bezier(.5,0,.9,.5)' },
  { transform: 'translate(0, 0) rotate(6deg)', offset: 0.93, easing: 'ease-out' },
  { transform: 'translate(0, 0) rotate(0deg)' },
]
