import type { Rules } from '../../slots/rules.ts'

export const rules: Rules = {
  en: [
    'There are 243 ways to win: a symbol pays when it stands on three or more reels side by side from the left, in any row, once for each way to choose one on each reel. Pays are times a twentieth of the stake.',
    'Magma, on the middle reels, stands for every symbol but Crater. Crater pays anywhere, times the whole stake.',
    'What won sinks, what is above it falls, and new rock comes from above. The first win of a spin counts once, the second twice, the third three times, every further one five times. Craters are counted when nothing wins any more.',
    'Three Craters or more bring ten free spins at three times the pay. Three Craters in a free spin bring ten more, up to a hundred in all.',
  ],
  de: [
    'Es gibt 243 Gewinnwege: Ein Symbol zahlt, wenn es von links auf drei oder mehr benachbarten Walzen steht, in beliebiger Reihe, einmal für jede Art, auf jeder Walze eines auszuwählen. Gewinne sind Vielfache eines Zwanzigstels des Einsatzes.',
    'Magma, auf den mittleren Walzen, ersetzt jedes Symbol außer dem Krater. Der Krater zahlt an jeder Stelle, als Vielfaches des ganzen Einsatzes.',
    'Was gewonnen hat, versinkt, was darüber steht, fällt, und von oben kommt neues Gestein. Der erste Gewinn einer Drehung zählt einfach, der zweite doppelt, der dritte dreifach, jeder weitere fünffach. Krater werden gezählt, wenn nichts mehr gewinnt.',
    'Drei oder mehr Krater bringen zehn Freispiele mit dreifachem Gewinn. Drei Krater in einem Freispiel bringen zehn weitere, insgesamt bis zu hundert.',
  ],
  es: [
    'Hay 243 formas de ganar: un símbolo paga cuando está en tres o más rodillos contiguos desde la izquierda, en cualquier fila, una vez por cada forma de elegir uno en cada rodillo. Los premios multiplican una vigésima parte de la apuesta.',
    'El magma, en los rodillos centrales, sustituye a todos los símbolos menos al cráter. El cráter paga en cualquier posición y multiplica la apuesta entera.',
    'Lo que gana se hunde, lo que está encima cae y llega roca nueva desde arriba. El primer premio de una tirada cuenta una vez, el segundo dos, el tercero tres y cada uno de los siguientes cinco. Los cráteres se cuentan cuando ya nada gana.',
    'Tres cráteres o más dan diez tiradas gratis con premios triples. Tres cráteres en una tirada gratis dan diez más, hasta cien en total.',
  ],
  fr: [
    'Il y a 243 façons de gagner : un symbole paie lorsqu’il se trouve sur trois rouleaux voisins ou plus depuis la gauche, sur n’importe quelle rangée, une fois pour chaque façon d’en choisir un par rouleau. Les gains multiplient un vingtième de la mise.',
    'Le magma, sur les rouleaux du milieu, remplace tous les symboles sauf le cratère. Le cratère paie où qu’il soit et multiplie la mise entière.',
    'Ce qui a gagné s’enfonce, ce qui est au-dessus tombe et de la roche nouvelle arrive d’en haut. Le premier gain d’un tour compte une fois, le deuxième deux fois, le troisième trois fois, chacun des suivants cinq fois. Les cratères sont comptés quand plus rien ne gagne.',
    'Trois cratères ou plus donnent dix tours gratuits à gains triplés. Trois cratères pendant un tour gratuit en donnent dix de plus, jusqu’à cent en tout.',
  ],
}
