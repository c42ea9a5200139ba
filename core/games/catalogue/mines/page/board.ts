import { make } from '../../../../host/web/browser/elements.ts'
import { calm, type Patience, run } from '../../../../host/web/browser/motion.ts'
import { photographed } from '../../../../host/web/browser/photograph.ts'
import { sound } from '../../../../host/web/browser/sound.ts'
import { symbol } from './art.ts'

const names = ['shell', 'pearl', 'mine'] as const
type Name = (typeof names)[number]

/** What a tile shows: nothing yet, what was found by opening it, or what lay there when the round was over. */
type Face = 'closed' | 'pearl' | 'mine' | 'pearl-left' | 'mine-left'

const side = 5
const halfTurnMs = 130
const betweenMs = 180
const words: Record<Face, string> = {
  closed: 'closed',
  pearl: 'a pearl',
  mine: 'a mine, the round is lost',
  'pearl-left': 'a pearl was here',
  'mine-left': 'a mine was here',
}

/** Five rows of five shells. Arrow keys go from one to the next. */
export function drawBoard(handlers: { take(tile: number): void }) {
  const picture = photographed((name) => symbol(name as Name), names)
  const tiles = Array.from({ length: side * side }, (_, tile) => {
    const button = make('button', { type: 'button', class: 'tile', tabindex: tile === 0 ? '0' : '-1' })
    button.addEventListener('click', () => handlers.take(tile))
    button.addEventListener('focus', () => {
      for (const other of tiles) other.tabIndex = other === button ? 0 : -1
    })
    return button as HTMLButtonElement
  })
  const element = make('div', { class: 'seabed', role: 'group', 'aria-label': 'Shells' }, ...tiles)
  element.addEventListener('keydown', (event) => {
    const at = tiles.indexOf(event.target as HTMLButtonElement)
    const next = at + (steps[event.key] ?? 0)
    const sameRow = Math.floor(next / side) === Math.floor(at / side)
    if (at < 0 || next === at || !tiles[next] || (Math.abs(next - at) === 1 && !sameRow)) return
    event.preventDefault()
    tiles[next].focus()
  })
  clear()

  function face(tile: number, shown: Face): void {
    const button = tiles[tile] as HTMLButtonElement
    button.dataset.face = shown
    button.replaceChildren(picture(shown === 'closed' ? 'shell' : shown.startsWith('pearl') ? 'pearl' : 'mine'))
    button.setAttribute(
      'aria-label',
      `Shell ${(tile % side) + 1} in row ${Math.floor(tile / side) + 1}, ${words[shown]}`,
    )
  }

  function clear(): void {
    for (const tile of tiles.keys()) face(tile, 'closed')
    delete element.dataset.end
  }

  async function turn(tile: number, shown: Face, patience: Patience): Promise<void> {
    const lying = () => tiles[tile]?.firstElementChild as Element
    const half = (from: string, to: string, easing: string) =>
      run(() => [lying().animate([{ transform: from }, { transform: to }], { duration: halfTurnMs, easing })], patience)
    await half('scale(1, 1)', 'scale(1.08, 0.05)', 'ease-in')
    face(tile, shown)
    await half('scale(1.08, 0.05)', 'scale(1, 1)', 'cubic-bezier(.2,1.8,.5,1)')
  }

  return {
    element,
    clear,
    /** Marks what is chosen to be opened first, or nothing. */
    aim(chosen: number | undefined): void {
      tiles.forEach((button, tile) => {
        button.toggleAttribute('data-aimed', tile === chosen)
      })
    },
    paint(free: (tile: number) => boolean): void {
      tiles.forEach((button, tile) => {
        button.setAttribute('aria-disabled', String(!free(tile)))
      })
    },
    isClosed: (tile: number) => tiles[tile]?.dataset.face === 'closed',
    async find(tile: number, what: 'pearl' | 'mine', patience: Patience): Promise<void> {
      await turn(tile, what, patience)
      if (!calm && !patience.hurried) sound(what === 'pearl' ? 'deal' : 'land')
      await patience.pause(calm ? 0 : betweenMs)
    },
    /** Shows what the round would have held. */
    async open(mines: readonly number[], hit: boolean, patience: Patience): Promise<void> {
      element.dataset.end = hit ? 'lost' : 'kept'
      const left = [...tiles.keys()].filter((tile) => tiles[tile]?.dataset.face === 'closed')
      await Promise.all(left.map((tile) => turn(tile, mines.includes(tile) ? 'mine-left' : 'pearl-left', patience)))
    },
  }
}

const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -side, ArrowDown: side }
