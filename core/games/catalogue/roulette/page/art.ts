import { circle, drawSymbol, path, type Shape } from '../../../../host/web/browser/art.ts'

const drawings: Record<string, Shape[]> = {
  wheel: [
    circle(50, 50, 48, '#3c2413'),
    circle(50, 50, 43, '#c99e52'),
    ...Array.from({ length: 37 }, (_, index): Shape => {
      const at = (side: number) => {
        const radians = ((index + side) / 37) * 2 * Math.PI
        return `${(50 + Math.sin(radians) * 41.5).toFixed(2)} ${(50 - Math.cos(radians) * 41.5).toFixed(2)}`
      }
      return path(`M50 50L${at(-0.46)}L${at(0.46)}z`, index === 0 ? '#1f7a55' : index % 2 ? '#b3303a' : '#15171d')
    }),
    circle(50, 50, 26, '#c99e52'),
    circle(50, 50, 25, '#4d2f18'),
    circle(50, 50, 18, '#6b4423'),
    path('M50 34v32M34 50h32', 'none', '#cfa557'),
    circle(50, 50, 5.5, '#f3dca4'),
    circle(70, 25, 3.2, '#fffdf6'),
  ],
}

/** What stands on the door of the game in the lobby. */
export function cover(): SVGSVGElement[] {
  return [drawSymbol(drawings, 'wheel')]
}
