/** Makes an element: text is text, never markup. */
export function make(
  tag: string,
  attributes: Record<string, string> = {},
  ...children: Array<Node | string>
): HTMLElement {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children)
  return element
}

/** A button that does something; it names its type, so that it never sends a form by accident. */
export function act(text: string, attributes: Record<string, string>, work: () => void): HTMLButtonElement {
  const button = make('button', { type: 'button', ...attributes }, text) as HTMLButtonElement
  button.addEventListener('click', work)
  return button
}

/** Names and values as a definition list of two columns; a wide one takes both. */
export function facts(
  entries: ReadonlyArray<readonly [name: string, value: Node | string, wide?: 'wide']>,
): HTMLElement {
  return make(
    'dl',
    { class: 'facts' },
    ...entries.map(([name, value, wide]) =>
      make('div', wide ? { class: wide } : {}, make('dt', {}, name), make('dd', {}, value)),
    ),
  )
}

export function byId(id: string): HTMLElement {
  const element = document.getElementById(id)
  if (!element) throw new Error(`no #${id}`)
  return element
}
