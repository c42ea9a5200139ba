/** One family of Prometheus's text format (version 0.0.4), with its samples as they stand there: those of a histogram by the names of its parts. */
export type Family = {
  name: string
  help: string
  type: string
  samples: Array<{ name: string; labels: Readonly<Record<string, string>>; value: number }>
}

const sampleForm = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?$/
const labelForm = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"(?:,\s*|$)/gy

/** Reads what `/metrics` of our processes answers. @throws Error at a line that is none of the format */
export function readExposition(text: string): Family[] {
  const families = new Map<string, Family>()
  let current: Family | undefined
  for (const line of text.split('\n')) {
    const [, word, name, rest = ''] = /^# (HELP|TYPE) (\S+)(?: (.*))?$/.exec(line) ?? []
    if (word && name) {
      current = familyOf(name)
      if (word === 'HELP') current.help = rest.replaceAll('\\n', '\n').replaceAll('\\\\', '\\')
      else current.type = rest
    } else if (line.trim() !== '' && !line.startsWith('#')) {
      const sample = sampleOf(line)
      const family = current && isPart(sample.name, current) ? current : familyOf(sample.name)
      family.samples.push(sample)
    }
  }
  return [...families.values()]

  function familyOf(name: string): Family {
    const found = families.get(name) ?? { name, help: '', type: 'untyped', samples: [] }
    families.set(name, found)
    return found
  }
}

function isPart(name: string, { name: family, type }: Family): boolean {
  if (name === family) return true
  return ['histogram', 'summary'].includes(type) && /^_(bucket|sum|count)$/.test(name.slice(family.length))
}

function sampleOf(line: string): Family['samples'][number] {
  const [, name, labels = '', value] = sampleForm.exec(line) ?? []
  if (name === undefined || value === undefined) throw new Error(`no sample: ${line.slice(0, 100)}`)
  return { name, labels: labelsOf(labels, line), value: numberOf(value) }
}

function labelsOf(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {}
  labelForm.lastIndex = 0
  for (let at = 0; at < text.length; at = labelForm.lastIndex) {
    const [, name, value] = labelForm.exec(text) ?? []
    if (name === undefined || value === undefined) throw new Error(`labels that are none: ${line.slice(0, 100)}`)
    labels[name] = value.replace(/\\(.)/g, (_, one: string) => (one === 'n' ? '\n' : one))
  }
  return labels
}

function numberOf(text: string): number {
  if (/^\+?Inf$/i.test(text)) return Number.POSITIVE_INFINITY
  if (/^-Inf$/i.test(text)) return Number.NEGATIVE_INFINITY
  return Number(text)
}
