import { drawCard } from '../../../../host/web/browser/cards.ts'

/** What stands on the door of the game in the lobby. */
export function cover(): Element[] {
  return ['AS', 'JH'].map((card) => drawCard(card).element)
}
