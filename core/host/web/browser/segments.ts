import { make } from './elements.ts'

/** One of a few, as a bar of buttons that are radio buttons to the keyboard and to a screen reader. */
export function drawSegments<Value extends string>(
  label: string,
  options: ReadonlyArray<readonly [value: Value, words: string]>,
  first: Value,
  changed: () => void,
) {
  const name = `segments-${label.toLowerCase().replaceAll(' ', '-')}`
  const inputs = options.map(([value]) => make('input', { type: 'radio', name, value }) as HTMLInputElement)
  const element = make(
    'fieldset',
    { class: 'segments' },
    make('legend', {}, label),
    make(
      'div',
      {},
      ...inputs.map((input, index) => make('label', {}, input, make('span', {}, options[index]?.[1] ?? ''))),
    ),
  ) as HTMLFieldSetElement
  let chosen = first
  for (const input of inputs) {
    input.checked = input.value === first
    input.addEventListener('change', () => {
      chosen = input.value as Value
      changed()
    })
  }
  return {
    element,
    get value(): Value {
      return chosen
    },
    paint(free: boolean): void {
      element.disabled = !free
    },
  }
}
