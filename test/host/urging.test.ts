import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** What a player may read stands in these: pages, what a browser writes into them, games with their rules, and messages. */
const root = join(import.meta.dirname, '../..')
const places = ['core/host/web', 'core/games/catalogue', 'core/games/slots', 'core/messages/templates']
const urging = [
  /win (it |your money )?back|won back|recover your loss|next spin could|so close|almost won|near miss|feeling lucky|luck is|double your stake|keep playing|one more (go|round|spin|try)/i,
  /zurückgewinn|knapp daneben|beinahe gewonnen|Glückssträhne|noch eine Runde|weiterspielen/i,
  /recuper(ar|e) (lo perdido|sus pérdidas)|casi gana|una ronda más|siga jugando/i,
  /regagne|récupére[rz] (vos|ses) pertes|presque gagné|encore une partie|continuez à jouer/i,
]

test('no word that a player reads urges them on or to win back what was lost [RTS-14A]', () => {
  const texts = places
    .flatMap((place) =>
      readdirSync(join(root, place), { recursive: true, encoding: 'utf8' }).map((file) => join(place, file)),
    )
    .filter((file) => /\.(ts|html|txt)$/.test(file) && !/\/desk|operator/.test(file))
  expect(texts.length).toBeGreaterThan(80)
  for (const file of texts) {
    const shown = readFileSync(join(root, file), 'utf8').replaceAll(/^\s*(\/\/|\/?\*).*$/gm, '')
    for (const words of urging) expect(words.exec(shown)?.[0], file).toBeUndefined()
  }
})
