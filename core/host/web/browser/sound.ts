import { act } from './elements.ts'

export type Sound = 'tick' | 'deal' | 'land' | 'win'

/** Off until the player turns it on, in this browser; made of tones, so that there is nothing to load. */
let on = localStorage.getItem('sound') === 'on'
let context: AudioContext | undefined

const notes: Record<Sound, ReadonlyArray<readonly [hertz: number, at: number, seconds: number]>> = {
  tick: [[1400, 0, 0.03]],
  deal: [
    [420, 0, 0.04],
    [260, 0.03, 0.05],
  ],
  land: [[180, 0, 0.12]],
  win: [
    [523, 0, 0.12],
    [659, 0.1, 0.12],
    [784, 0.2, 0.22],
  ],
}

export function sound(name: Sound): void {
  if (!on) return
  context ??= new AudioContext()
  for (const [hertz, at, seconds] of notes[name]) {
    const from = context.currentTime + at
    const tone = new OscillatorNode(context, { type: 'triangle', frequency: hertz })
    const level = new GainNode(context, { gain: 0 })
    level.gain.setValueAtTime(0.12, from)
    level.gain.exponentialRampToValueAtTime(0.0001, from + seconds)
    tone.connect(level).connect(context.destination)
    tone.start(from)
    tone.stop(from + seconds)
  }
}

export function drawSoundSwitch(): HTMLElement {
  const button = act('', { class: 'quiet sound-switch' }, () => {
    on = !on
    localStorage.setItem('sound', on ? 'on' : 'off')
    paint()
    sound('tick')
  })
  const paint = () => {
    button.textContent = on ? 'Sound on' : 'Sound off'
    button.setAttribute('aria-pressed', String(on))
  }
  paint()
  return button
}
