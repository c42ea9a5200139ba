import { circle, draw, drawSymbol, path, type Shape, shade, shine } from '../../../../host/web/browser/art.ts'

const ribs = [14, 27, 39, 50, 61, 73, 86].map(
  (x): Shape =>
    path(`M50 84Q${(x + 50) / 2 + (x - 50) * 0.12} 50 ${x} ${24 + Math.abs(x - 50) * 0.42}`, 'none', '#b06a72'),
)

/** What lies on the sea floor, each on a field of 100 by 100. */
const drawings: Record<string, Shape[]> = {
  shell: [
    path('M36 80L30 93H70L64 80Z', '#c9787c', '#8f4a56'),
    path(
      'M50 88C24 82 6 62 7 44Q7 34 16 34Q16 22 29 22Q33 12 44 15Q50 8 56 15Q67 12 71 22Q84 22 84 34Q93 34 93 44C94 62 76 82 50 88Z',
      '#f0b3a4',
      '#8f4a56',
    ),
    ...ribs,
    shade('M50 88C76 82 94 62 93 44Q93 36 86 34C84 56 70 72 40 85Z'),
    shine(32, 34, 5, 11, 35),
  ],
  pearl: [
    path('M8 56C10 82 30 92 50 92S90 82 92 56Q72 66 50 66T8 56Z', '#d98f8c', '#8f4a56'),
    path('M8 56Q28 46 50 46T92 56Q72 68 50 68T8 56Z', '#fbe3da', '#8f4a56'),
    circle(50, 44, 25, '#f4f1fb'),
    ['circle', { cx: 50, cy: 44, r: 25, fill: '#b9c9ee', opacity: 0.35 }],
    ['path', { d: 'M50 69A25 25 0 0 0 75 44C72 58 62 65 44 68Z', fill: '#7f87b8', opacity: 0.45 }],
    ['ellipse', { cx: 42, cy: 35, rx: 8, ry: 6, fill: '#fff', transform: 'rotate(-30 42 35)' }],
  ],
  mine: [
    ...[0, 45, 90, 135, 180, 225, 270, 315].map(
      (turn): Shape => ['path', { d: 'M45 26L47 8H53L55 26Z', fill: '#55606c', transform: `rotate(${turn} 50 50)` }],
    ),
    ...[0, 45, 90, 135, 180, 225, 270, 315].map(
      (turn): Shape => ['circle', { cx: 50, cy: 8, r: 5, fill: '#e4574f', transform: `rotate(${turn} 50 50)` }],
    ),
    circle(50, 50, 30, '#323c48'),
    shade('M50 80A30 30 0 0 0 80 50C74 66 60 74 40 78Z'),
    path('M22 50H78', 'none', '#1f2731'),
    circle(50, 50, 8, '#e4574f'),
    circle(48, 48, 2.6, '#ffd0c8'),
    shine(38, 37, 6, 10, 40),
  ],
}

export function symbol(name: 'shell' | 'pearl' | 'mine'): SVGSVGElement {
  return drawSymbol(drawings, name)
}

/** What stands on the door of the game in the lobby. */
export function cover(): SVGSVGElement[] {
  const svg = draw('svg', { viewBox: '0 0 420 190', preserveAspectRatio: 'xMidYMid slice' }) as SVGSVGElement
  const sea = draw('linearGradient', { id: 'mines-sea', x2: 0, y2: 1 })
  sea.append(
    draw('stop', { offset: 0, 'stop-color': '#2a8fb0' }),
    draw('stop', { offset: 0.75, 'stop-color': '#0d3f63' }),
    draw('stop', { offset: 1, 'stop-color': '#0a2c48' }),
  )
  const rays = [60, 150, 250, 330].map((x) =>
    draw('path', { d: `M${x} -5L${x + 34} -5L${x - 30} 195H${x - 110}Z`, fill: '#fff', opacity: 0.06 }),
  )
  const sand = 'M0 168C70 152 130 160 200 166S340 158 420 166V190H0Z'
  const laid = (name: keyof typeof drawings, x: number, y: number, scale: number, turn: number) => {
    const place = draw('g', { transform: `translate(${x} ${y}) scale(${scale}) rotate(${turn} 50 50)` })
    place.append(...(drawings[name] ?? []).map(([tag, attributes]) => draw(tag, attributes)))
    return place
  }
  svg.append(
    sea,
    draw('rect', { width: 420, height: 190, fill: 'url(#mines-sea)' }),
    ...rays,
    draw('path', { d: sand, fill: '#d9bf8f' }),
    draw('path', { d: 'M304 96V170', stroke: '#1f2731', 'stroke-width': 2.5, 'stroke-dasharray': '5 3' }),
    laid('shell', 44, 76, 0.9, -8),
    laid('pearl', 150, 58, 1.2, 0),
    laid('mine', 262, 24, 0.85, 12),
    laid('shell', 326, 98, 0.72, 10),
  )
  return [svg]
}
