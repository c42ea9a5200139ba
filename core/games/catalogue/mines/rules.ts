import type { Game } from '../../game.ts'

export const rules: Game['rules'] = {
  en: [
    'Choose how many of the 25 tiles hide mines and open a first tile. The mines are laid when you bet, every arrangement equally likely, and stay where they are.',
    'Each safe tile raises the pay. Cash out when you like, or open another tile; a mine ends the round and the stake is lost.',
    'The pay is 0.99 over the chance to come so far, cut to whole hundredths. No tile is offered that would pay more than 1,000 times the stake: the round then pays by itself.',
    'The theoretical return to the player is 98 % to 99 %, by mines and tiles; it is highest where the cut is smallest. Which tiles you choose does not change it.',
    'If you do not come back, the round is cashed out as it stands.',
  ],
  de: [
    'Wählen Sie, wie viele der 25 Felder Minen verbergen, und öffnen Sie ein erstes Feld. Die Minen werden mit dem Einsatz gelegt, jede Anordnung gleich wahrscheinlich, und bleiben liegen.',
    'Jedes sichere Feld erhöht die Auszahlung. Zahlen Sie aus, wann Sie wollen, oder öffnen Sie ein weiteres; eine Mine beendet die Runde, der Einsatz ist verloren.',
    'Die Quote ist 0,99 durch die Chance, so weit zu kommen, auf ganze Hundertstel gekürzt. Kein Feld wird angeboten, das mehr als das 1.000-Fache zahlte: dann zahlt die Runde von selbst.',
    'Die theoretische Auszahlungsquote ist 98 % bis 99 %, je nach Minen und Feldern; am höchsten, wo am wenigsten gekürzt wird. Welche Felder Sie wählen, ändert sie nicht.',
    'Kommen Sie nicht zurück, wird die Runde ausgezahlt, wie sie steht.',
  ],
  es: [
    'Elija cuántas de las 25 casillas esconden minas y abra una primera. Las minas se colocan al apostar, toda disposición igual de probable, y no se mueven.',
    'Cada casilla segura sube el pago. Cobre cuando quiera o abra otra; una mina acaba la ronda y la apuesta se pierde.',
    'El pago es 0,99 entre la probabilidad de llegar hasta ahí, recortado a centésimas enteras. No se ofrece casilla que pague más de 1.000 veces la apuesta: entonces la ronda se cobra sola.',
    'El retorno teórico al jugador es de 98 % a 99 %, según minas y casillas; es mayor donde menos se recorta. Qué casillas elija no lo cambia.',
    'Si no vuelve, la ronda se cobra como está.',
  ],
  fr: [
    'Choisissez combien des 25 cases cachent des mines et ouvrez une première case. Les mines sont posées à la mise, toute disposition également probable, et ne bougent plus.',
    'Chaque case sûre augmente le gain. Encaissez quand vous voulez, ou ouvrez-en une autre ; une mine finit la partie et la mise est perdue.',
    'Le gain est 0,99 divisé par la chance d’arriver là, coupé au centième. Aucune case qui paierait plus de 1 000 fois la mise n’est offerte : la partie s’encaisse alors d’elle-même.',
    'Le taux de retour théorique est de 98 % à 99 %, selon les mines et les cases ; il est le plus haut où l’on coupe le moins. Le choix des cases ne le change pas.',
    'Si vous ne revenez pas, la partie est encaissée telle quelle.',
  ],
}
