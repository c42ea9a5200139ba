import { draw } from '../../../../host/web/browser/art.ts'

/** A paper lantern with its flame, on a field of 100 by 120. */
export function lantern(): SVGElement {
  const paper = gradient('radialGradient', 'limbo-paper', { cx: 0.5, cy: 0.88, r: 0.95 }, [
    [0, '#fff6cf'],
    [0.25, '#ffd873'],
    [0.62, '#ef8f3c'],
    [1, '#a8432f'],
  ])
  const group = draw('g', {})
  const rib = (d: string) => draw('path', { d, fill: 'none', stroke: '#8a3523', 'stroke-width': 1.4, opacity: 0.5 })
  group.append(
    paper,
    draw('path', { d: 'M20 26C20 -2 80 -2 80 26L88 88C88 98 12 98 12 88Z', fill: 'url(#limbo-paper)' }),
    rib('M50 5C36 12 34 70 34 95'),
    rib('M50 5C64 12 66 70 66 95'),
    rib('M19 34C34 42 66 42 81 34'),
    rib('M15 64C34 74 66 74 85 64'),
    draw('path', { d: 'M20 26C20 6 44 4 52 5C30 10 28 60 26 94C18 93 12 92 12 88Z', fill: '#fff', opacity: 0.14 }),
    draw('ellipse', { cx: 50, cy: 91, rx: 38, ry: 6, fill: '#5a2419' }),
    draw('ellipse', { cx: 50, cy: 90, rx: 33, ry: 4.2, fill: '#ffe9a8' }),
    draw('path', { d: 'M50 70C58 82 59 88 56 93C53 97 47 97 44 93C41 88 42 82 50 70Z', fill: '#fffbe6' }),
    draw('path', { d: 'M44 100L50 116L56 100', fill: 'none', stroke: '#8a3523', 'stroke-width': 2 }),
  )
  return group
}

/** Hills, one row behind the other, with the lights of a village; on a field of 420 by 120, their feet at the bottom. */
export function hills(): SVGElement {
  const group = draw('g', {})
  const row = (d: string, fill: string) => draw('path', { d, fill })
  const house = (x: number, y: number) => [
    draw('path', { d: `M${x} ${y}v-9l7 -6l7 6v9z`, fill: '#140f26' }),
    draw('rect', { x: x + 4.5, y: y - 7, width: 4.5, height: 4.5, fill: '#ffcf6b' }),
  ]
  group.append(
    row('M0 120V64C30 40 62 34 104 54S188 78 226 50S316 18 350 42S400 68 420 58V120Z', '#53386d'),
    row('M0 120V82C44 62 92 66 140 82S236 94 282 78S382 64 420 82V120Z', '#38274f'),
    ...house(64, 78),
    ...house(82, 82),
    ...house(318, 84),
    ...house(338, 82),
    ...house(352, 86),
    row('M0 120V104C70 84 120 92 190 102C250 88 330 92 420 102V120Z', '#1d1530'),
  )
  return group
}

/** What stands on the door of the game in the lobby. */
export function cover(): SVGSVGElement[] {
  const svg = draw('svg', { viewBox: '0 0 420 190', preserveAspectRatio: 'xMidYMid slice' }) as SVGSVGElement
  const sky = gradient('linearGradient', 'limbo-dusk', { x2: 0, y2: 1 }, [
    [0, '#1c2152'],
    [0.45, '#6b4379'],
    [0.75, '#d9776b'],
    [1, '#f7c07a'],
  ])
  const land = draw('g', { transform: 'translate(0 72)' })
  land.append(hills())
  const small = [
    [70, 62, 0.26],
    [120, 24, 0.16],
    [318, 40, 0.3],
    [366, 82, 0.18],
    [268, 16, 0.14],
  ]
  svg.append(
    sky,
    draw('rect', { width: 420, height: 190, fill: 'url(#limbo-dusk)' }),
    ...stars.map(([cx, cy, r]) => draw('circle', { cx, cy, r, fill: '#fff', opacity: 0.8 })),
    draw('path', { d: 'M0 56H420', stroke: '#ffe9a8', 'stroke-width': 2, 'stroke-dasharray': '2 9', opacity: 0.8 }),
    land,
    ...[...small, [163, 22, 0.95]].map(([x, y, scale]) => {
      const place = draw('g', { transform: `translate(${x} ${y}) scale(${scale})` })
      place.append(lantern())
      return place
    }),
  )
  return [svg]
}

const stars: ReadonlyArray<readonly [cx: number, cy: number, r: number]> = [
  [24, 18, 1.2],
  [92, 10, 0.9],
  [150, 34, 1],
  [214, 8, 1.1],
  [292, 26, 0.9],
  [344, 12, 1.3],
  [400, 34, 1],
  [48, 40, 0.8],
]

type Stop = readonly [offset: number, colour: string]
function gradient(tag: string, id: string, shape: Record<string, number>, stops: readonly Stop[]): SVGElement {
  const element = draw(tag, { id, ...shape })
  element.append(...stops.map(([offset, colour]) => draw('stop', { offset, 'stop-color': colour })))
  return element
}
