import { draw } from '../../../../host/web/browser/art.ts'
import { faces } from './die.ts'

const lights: Record<string, readonly string[]> = {
  whole: ['#3b2a4a', '#e9e0cf', '#c9bda6', '#b5a78e', '#8f8069', '#fffaf0'],
  part: ['#1c2c2a', '#7fe0bd', '#4fb795', '#3f9a7d', '#2c7460', '#b5f5dc'],
}

/** What stands on the door of the game in the lobby. */
export function cover(): SVGSVGElement[] {
  const svg = draw('svg', { viewBox: '0 0 420 190', preserveAspectRatio: 'xMidYMid slice' }) as SVGSVGElement
  const glow = draw('radialGradient', { id: 'dice-glow', cy: 0.35 })
  glow.append(
    draw('stop', { offset: 0, 'stop-color': '#6d3f7f' }),
    draw('stop', { offset: 1, 'stop-color': '#1d1226' }),
  )
  svg.append(
    glow,
    draw('rect', { width: 420, height: 190, fill: 'url(#dice-glow)' }),
    draw('rect', { x: 40, y: 158, width: 340, height: 10, rx: 5, fill: '#7a3550' }),
    draw('rect', { x: 40, y: 158, width: 170, height: 10, rx: 5, fill: '#57d6a4' }),
    draw('path', { d: 'M166 154l-7 -12h14z', fill: '#fff' }),
    die('whole', '3', 62, 30, -14),
    die('whole', '7', 152, 44, 8),
    die('part', '1', 232, 26, -6),
    die('part', '4', 312, 46, 17),
  )
  return [svg]
}

function die(kind: string, digit: string, x: number, y: number, turn: number): SVGElement {
  const group = draw('g', { transform: `translate(${x} ${y}) scale(.92) rotate(${turn} 50 50)` })
  const text = draw('text', {
    x: 50,
    y: 50,
    fill: '#2a1a33',
    'text-anchor': 'middle',
    'font-size': 30,
    'font-weight': 700,
    'font-family': 'Georgia, serif',
  })
  text.textContent = digit
  group.append(...faces.map(([d], index) => draw('path', { d, fill: lights[kind]?.[index] ?? '' })), text)
  return group
}
