import type { Game } from '../../game.ts'

export const rules: Game['rules'] = {
  en: [
    'Choose 8, 12 or 16 rows and a risk, then drop the ball. At each peg it goes left or right, each equally likely; every peg is a draw of its own.',
    'The bucket where it ends says how many times the stake you get. The pays of every bucket are on the board.',
    'Of n rows, bucket k comes with the chance C(n, k)/2^n: an edge of 16 rows once in 65,536 balls.',
    'The theoretical return to the player is exactly 99 % for every number of rows and every risk; only how it is spread differs.',
    'Stakes go in steps of 50 of the smallest coins, so that every pay is whole. A round that was interrupted is settled by the server; you find it in your history.',
  ],
  de: [
    'Wählen Sie 8, 12 oder 16 Reihen und ein Risiko und lassen Sie die Kugel fallen. An jedem Stift geht sie nach links oder rechts, gleich wahrscheinlich; jeder Stift ist eine eigene Ziehung.',
    'Das Fach, in dem sie endet, sagt, das Wievielfache des Einsatzes Sie erhalten. Die Quoten aller Fächer stehen auf dem Brett.',
    'Bei n Reihen kommt Fach k mit der Chance C(n, k)/2^n: ein Rand bei 16 Reihen einmal in 65.536 Kugeln.',
    'Die theoretische Auszahlungsquote ist genau 99 % bei jeder Zahl von Reihen und jedem Risiko; nur ihre Verteilung unterscheidet sich.',
    'Einsätze gehen in Schritten von 50 kleinsten Münzen, damit jede Auszahlung ganz ist. Eine unterbrochene Runde rechnet der Server ab; Sie finden sie in Ihrem Verlauf.',
  ],
  es: [
    'Elija 8, 12 o 16 filas y un riesgo, y suelte la bola. En cada clavija va a la izquierda o a la derecha, igual de probable; cada clavija es una extracción propia.',
    'La casilla donde termina dice cuántas veces la apuesta recibe. Los pagos de todas las casillas están en el tablero.',
    'Con n filas, la casilla k sale con probabilidad C(n, k)/2^n: un extremo de 16 filas, una vez en 65.536 bolas.',
    'El retorno teórico al jugador es exactamente 99 % con todo número de filas y todo riesgo; solo cambia cómo se reparte.',
    'Las apuestas van en pasos de 50 unidades mínimas para que todo pago sea entero. Una ronda interrumpida la liquida el servidor; la encuentra en su historial.',
  ],
  fr: [
    'Choisissez 8, 12 ou 16 rangs et un risque, puis lâchez la bille. À chaque clou elle va à gauche ou à droite, également probable ; chaque clou est un tirage à part.',
    'La case où elle finit dit combien de fois la mise vous recevez. Les gains de toutes les cases sont sur le plateau.',
    'Avec n rangs, la case k sort avec la chance C(n, k)/2^n : un bord de 16 rangs, une fois sur 65 536 billes.',
    'Le taux de retour théorique est exactement de 99 % pour tout nombre de rangs et tout risque ; seule sa répartition diffère.',
    'Les mises vont par pas de 50 unités minimales pour que chaque gain soit entier. Une partie interrompue est réglée par le serveur ; vous la trouvez dans votre historique.',
  ],
}
