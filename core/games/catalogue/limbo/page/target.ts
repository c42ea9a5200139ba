import { act, make } from '../../../../host/web/browser/elements.ts'
import { times } from '../../../../host/web/browser/odds.ts'

const usual = [150, 200, 500, 1000, 10_000]

/** The height that is named: typed, or one of the usual ones. Hundredths of the stake. */
export function drawTarget({ min, max }: { min: number; max: number }, first: number, changed: () => void) {
  const field = make('input', {
    id: 'target',
    inputmode: 'decimal',
    autocomplete: 'off',
    maxlength: '8',
    'aria-describedby': 'target-bounds',
  }) as HTMLInputElement
  const buttons = usual.map((target) =>
    act(times(target), { class: 'usual', 'aria-label': `Target ${times(target)}` }, () => set(target)),
  )
  const element = make(
    'div',
    { class: 'target' },
    make('label', { for: 'target' }, 'Target'),
    field,
    make('div', { class: 'usuals', role: 'group', 'aria-label': 'Usual targets' }, ...buttons),
    make('span', { id: 'target-bounds', class: 'fine' }, `${words(min)} to ${words(max)}`),
  )
  let value: number | undefined = first
  field.value = words(first)
  field.addEventListener('input', read)
  field.addEventListener('change', () => {
    if (value !== undefined) field.value = words(value)
  })
  field.addEventListener('keydown', (event) => {
    const by = event.key === 'ArrowUp' ? 1 : event.key === 'ArrowDown' ? -1 : 0
    if (by === 0 || value === undefined) return
    event.preventDefault()
    set(Math.max(min, Math.min(max, value + by * 10)))
  })

  function set(target: number): void {
    field.value = words(target)
    read()
  }

  function read(): void {
    const typed = /^\d{1,4}([.,]\d{0,2})?$/.test(field.value.trim()) ? field.value.trim().replace(',', '.') : ''
    const target = Math.round(Number(typed) * 100)
    value = target >= min && target <= max ? target : undefined
    field.toggleAttribute('aria-invalid', value === undefined)
    paintUsual()
    changed()
  }

  function paintUsual(): void {
    buttons.forEach((button, index) => {
      button.setAttribute('aria-pressed', String(value === usual[index]))
    })
  }
  paintUsual()

  return {
    element,
    /** What is named, `undefined` while it is none that the game takes. */
    get value(): number | undefined {
      return value
    },
    paint(free: boolean): void {
      field.disabled = !free
      for (const button of buttons) button.disabled = !free
    },
  }
}

function words(hundredths: number): string {
  return (hundredths / 100).toFixed(2)
}
