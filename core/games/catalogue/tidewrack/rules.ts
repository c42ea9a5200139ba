import type { Rules } from '../../slots/rules.ts'

export const rules: Rules = {
  en: [
    'Three reels, five lines. Three of a symbol on a line pay, times the stake per line, a fifth of the stake. Each position is drawn on its own.',
    'Trident, on the middle reel, stands for every symbol but Pearl and Chest.',
    'Four Pearls or more stay where they are, each worth 1 to 25 times the stake, and the other positions are drawn again. Every new Pearl stays as well and gives three more draws; after three draws without one it ends. The values are added up, and nine Pearls pay 300 times the stake besides.',
    'Three Chests or more bring twelve closed boxes. Open one after the other: nine hold 1 to 15 times the stake, three are empty, and the first empty one ends it. What is in which box is decided before you open the first; whichever you choose, the chances are the same.',
    'If you asked for it before the spin, you may gamble a win: on the colour of a card for twice, on its suit for four times as much, five times at most and up to 500 times the stake. The gamble returns 100 % on average; you never have to take part.',
    'If you do not come back, the boxes are opened from the first on, and the win is paid without a gamble.',
  ],
  de: [
    'Drei Walzen, fünf Linien. Drei gleiche Symbole auf einer Linie zahlen ein Vielfaches des Einsatzes je Linie, eines Fünftels des Einsatzes. Jede Stelle wird für sich gezogen.',
    'Der Dreizack, auf der mittleren Walze, ersetzt jedes Symbol außer Perle und Truhe.',
    'Vier oder mehr Perlen bleiben stehen, jede im Wert des 1- bis 25-Fachen des Einsatzes, und die übrigen Stellen werden neu gezogen. Jede neue Perle bleibt ebenfalls und gibt drei weitere Ziehungen; nach drei Ziehungen ohne Perle ist Schluss. Die Werte werden addiert, und neun Perlen zahlen zusätzlich das 300-Fache des Einsatzes.',
    'Drei oder mehr Truhen bringen zwölf geschlossene Kisten. Öffnen Sie eine nach der anderen: neun enthalten das 1- bis 15-Fache des Einsatzes, drei sind leer, und die erste leere beendet es. Was in welcher Kiste liegt, steht fest, bevor Sie die erste öffnen; welche Sie auch wählen, die Chancen sind gleich.',
    'Wenn Sie es vor der Drehung gewünscht haben, können Sie einen Gewinn riskieren: auf die Farbe einer Karte für das Doppelte, auf ihr Zeichen für das Vierfache, höchstens fünfmal und bis zum 500-Fachen des Einsatzes. Das Risiko zahlt im Durchschnitt 100 % zurück; Sie müssen nie daran teilnehmen.',
    'Kommen Sie nicht zurück, werden die Kisten von der ersten an geöffnet, und der Gewinn wird ohne Risiko ausgezahlt.',
  ],
  es: [
    'Tres rodillos, cinco líneas. Tres símbolos iguales en una línea multiplican la apuesta por línea, una quinta parte de la apuesta. Cada posición se sortea por separado.',
    'El tridente, en el rodillo central, sustituye a todos los símbolos menos a la perla y al cofre.',
    'Cuatro perlas o más se quedan en su sitio, cada una con un valor de 1 a 25 veces la apuesta, y las demás posiciones se sortean de nuevo. Cada perla nueva también se queda y da tres sorteos más; tras tres sorteos sin ninguna, termina. Los valores se suman y nueve perlas pagan además 300 veces la apuesta.',
    'Tres cofres o más dan doce cajas cerradas. Ábralas una a una: nueve contienen de 1 a 15 veces la apuesta, tres están vacías y la primera vacía pone fin. Lo que hay en cada caja se decide antes de abrir la primera; elija la que elija, las probabilidades son las mismas.',
    'Si lo pidió antes de la tirada, puede jugarse un premio: al color de una carta por el doble, a su palo por el cuádruple, cinco veces como máximo y hasta 500 veces la apuesta. Esta jugada devuelve de media el 100 %; nunca es obligatoria.',
    'Si no vuelve, las cajas se abren desde la primera y el premio se paga sin jugárselo.',
  ],
  fr: [
    'Trois rouleaux, cinq lignes. Trois symboles identiques sur une ligne multiplient la mise par ligne, un cinquième de la mise. Chaque position est tirée séparément.',
    'Le trident, sur le rouleau du milieu, remplace tous les symboles sauf la perle et le coffre.',
    'Quatre perles ou plus restent en place, chacune valant de 1 à 25 fois la mise, et les autres positions sont tirées de nouveau. Chaque nouvelle perle reste aussi et donne trois tirages de plus ; après trois tirages sans perle, c’est fini. Les valeurs s’additionnent, et neuf perles paient en outre 300 fois la mise.',
    'Trois coffres ou plus donnent douze boîtes fermées. Ouvrez-les l’une après l’autre : neuf contiennent de 1 à 15 fois la mise, trois sont vides, et la première vide met fin au jeu. Le contenu de chaque boîte est décidé avant l’ouverture de la première ; quel que soit votre choix, les chances sont les mêmes.',
    'Si vous l’avez demandé avant le tour, vous pouvez risquer un gain : sur la couleur d’une carte pour le double, sur son enseigne pour le quadruple, cinq fois au plus et jusqu’à 500 fois la mise. Ce pari rend 100 % en moyenne ; il n’est jamais obligatoire.',
    'Si vous ne revenez pas, les boîtes sont ouvertes à partir de la première et le gain est payé sans pari.',
  ],
}
