import { draw } from '../../../../host/web/browser/art.ts'

const rows = 6
const heats = ['#e0527f', '#e5745a', '#e9a14b', '#4f9aa3', '#e9a14b', '#e5745a', '#e0527f']

/** What stands on the door of the game in the lobby: the foot of the board, and a ball on its way. */
export function cover(): SVGSVGElement[] {
  const svg = draw('svg', { viewBox: '0 0 420 190', preserveAspectRatio: 'xMidYMid slice' }) as SVGSVGElement
  const glow = draw('radialGradient', { id: 'plinko-glow', cy: 0.3 })
  glow.append(
    draw('stop', { offset: 0, 'stop-color': '#1d6a78' }),
    draw('stop', { offset: 1, 'stop-color': '#082029' }),
  )
  const pegs = Array.from({ length: rows }, (_, row) =>
    Array.from({ length: row + 3 }, (_, peg) =>
      draw('circle', { cx: 210 + (peg - (row + 2) / 2) * 44, cy: 12 + row * 24, r: 4.5, fill: '#e8c79a' }),
    ),
  ).flat()
  const buckets = heats.map((fill, index) =>
    draw('rect', { x: 210 + (index - 3.5) * 44 + 3, y: 154, width: 38, height: 26, rx: 6, fill }),
  )
  const way = 'M210 -4Q206 24 190 46Q178 62 168 68Q186 74 188 92Q196 104 210 112'
  svg.append(
    glow,
    draw('rect', { width: 420, height: 190, fill: 'url(#plinko-glow)' }),
    draw('path', {
      d: way,
      fill: 'none',
      stroke: '#fff3c4',
      'stroke-width': 3,
      'stroke-dasharray': '1 8',
      'stroke-linecap': 'round',
      opacity: 0.7,
    }),
    ...pegs,
    ...buckets,
    draw('circle', { cx: 212, cy: 118, r: 10, fill: '#fff3c4' }),
    draw('circle', { cx: 209, cy: 115, r: 3.5, fill: '#fff' }),
  )
  return [svg]
}
