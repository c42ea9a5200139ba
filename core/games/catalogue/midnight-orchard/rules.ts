import type { Rules } from '../../slots/rules.ts'

export const rules: Rules = {
  en: [
    'Twenty lines pay from the left; on each line the highest win counts. Line pays are times the stake per line, a twentieth of the stake.',
    'Lantern stands for every symbol but Moon. Moon pays anywhere, times the whole stake.',
    'Three Moons or more bring ten free spins at twice the pay. Three Moons in a free spin bring ten more, up to a hundred in all.',
  ],
  de: [
    'Zwanzig Linien zahlen von links; auf jeder Linie zählt der höchste Gewinn. Liniengewinne sind Vielfache des Einsatzes je Linie, eines Zwanzigstels des Einsatzes.',
    'Die Laterne ersetzt jedes Symbol außer dem Mond. Der Mond zahlt an jeder Stelle, als Vielfaches des ganzen Einsatzes.',
    'Drei oder mehr Monde bringen zehn Freispiele mit doppeltem Gewinn. Drei Monde in einem Freispiel bringen zehn weitere, insgesamt bis zu hundert.',
  ],
  es: [
    'Veinte líneas pagan desde la izquierda; en cada línea cuenta el premio más alto. Los premios de línea multiplican la apuesta por línea, una vigésima parte de la apuesta.',
    'El farol sustituye a todos los símbolos menos a la luna. La luna paga en cualquier posición y multiplica la apuesta entera.',
    'Tres lunas o más dan diez tiradas gratis con premios dobles. Tres lunas en una tirada gratis dan diez más, hasta cien en total.',
  ],
  fr: [
    'Vingt lignes paient depuis la gauche ; sur chaque ligne, seul le gain le plus élevé compte. Les gains de ligne multiplient la mise par ligne, un vingtième de la mise.',
    'La lanterne remplace tous les symboles sauf la lune. La lune paie où qu’elle soit et multiplie la mise entière.',
    'Trois lunes ou plus donnent dix tours gratuits à gains doublés. Trois lunes pendant un tour gratuit en donnent dix de plus, jusqu’à cent en tout.',
  ],
}
