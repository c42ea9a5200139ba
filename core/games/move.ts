import { choiceInvalid } from './errors.ts'
import { fieldsOf } from './stake.ts'

/**
 * Reads `{move: 'stand'}`: which of the moves that are open it is; `besides` are the other fields that a move has.
 *
 * @throws Refusal `games.choice_invalid`
 */
export function readMove<Name extends string>(
  input: unknown,
  open: readonly Name[],
  besides: readonly string[] = [],
): Name {
  const { move } = fieldsOf(input, ['move', ...besides])
  const found = open.find((name) => name === move)
  if (found === undefined) throw choiceInvalid(`Now you can: ${open.join(', ')}.`)
  return found
}
