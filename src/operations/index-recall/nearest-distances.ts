/** The k smallest of the distances that are added. */
export class NearestDistances {
  /** Ascending. */
  readonly distances: number[] = [];
  private readonly k: number;
  private readonly known: number;

  /** @param found distances of k rows, or more, that will be added too; fewer tell nothing */
  constructor(k: number, found: readonly number[]) {
    this.k = k;
    const ascending = found.filter((distance) => !Number.isNaN(distance)).sort((a, b) => a - b);
    this.known = ascending[k - 1] ?? Number.POSITIVE_INFINITY;
  }

  /** No distance above it is among the k smallest. */
  get bound(): number {
    return Math.min(this.known, this.distances[this.k - 1] ?? Number.POSITIVE_INFINITY);
  }

  add(distance: number): void {
    const { distances, k } = this;
    if (distances.length === k && !(distance < distances[k - 1]!)) return;
    let at = distances.length;
    while (at > 0 && distances[at - 1]! > distance) at--;
    distances.splice(at, 0, distance);
    if (distances.length > k) distances.pop();
  }
}
