import { circle, draw, path, type Shape } from '../../../../host/web/browser/art.ts'

/** On a field of 100 by 100. */
const wheel: Shape[] = [
  circle(50, 50, 48, '#3c2413'),
  circle(50, 50, 43, '#c99e52'),
  ...Array.from({ length: 37 }, (_, index): Shape => {
    const at = (side: number) => {
      const radians = ((index + side) / 37) * 2 * Math.PI
      return `${(50 + Math.sin(radians) * 41.5).toFixed(2)} ${(50 - Math.cos(radians) * 41.5).toFixed(2)}`
    }
    return path(`M50 50L${at(-0.46)}L${at(0.46)}z`, index === 0 ? '#1d7350' : index % 2 ? '#b3303a' : '#15171d')
  }),
  circle(50, 50, 26, '#c99e52'),
  circle(50, 50, 25, '#4d2f18'),
  circle(50, 50, 18, '#6b4423'),
  path('M50 34v32M34 50h32', 'none', '#cfa557'),
  circle(50, 50, 5.5, '#f3dca4'),
  circle(70, 25, 3.2, '#fffdf6'),
]

/** The cloth of each wheel, from the light to its edge. */
const cloths: Record<string, readonly [string, string]> = {
  'roulette-european': ['#1f5a42', '#0e211c'],
  'roulette-american': ['#245e92', '#0c1f33'],
  'roulette-french': ['#7e2d4c', '#250c17'],
}

/** What stands on the door of the game in the lobby: the upper half of a wheel that rises out of its cloth. */
export function cover(game: string): SVGSVGElement[] {
  const svg = draw('svg', { viewBox: '0 0 420 190', preserveAspectRatio: 'xMidYMin slice' }) as SVGSVGElement
  const cloth = draw('linearGradient', { id: `cloth-${game}`, x2: 0, y2: 1 })
  const [light, edge] = cloths[game] ?? ['#333', '#111']
  cloth.append(draw('stop', { 'stop-color': light }), draw('stop', { offset: 1, 'stop-color': edge }))
  const rising = draw('g', { transform: 'translate(45 22) scale(3.3)' })
  rising.append(...wheel.map(([tag, attributes]) => draw(tag, attributes)))
  svg.append(cloth, draw('rect', { width: 420, height: 190, fill: `url(#cloth-${game})` }), rising)
  return [svg]
}
