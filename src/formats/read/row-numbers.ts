/** Which record of a piece each of its rows is, where some records, empty lines, hold no row. */
export class RowNumbers {
  private blanks: number[] = [];

  clear(): void {
    this.blanks = [];
  }

  /** Record `record` of the piece (from 0) holds no row; told in ascending order. */
  addBlank(record: number): void {
    this.blanks.push(record);
  }

  /** The record that is the piece's n-th row; both from 0. */
  recordOf(n: number): number {
    // Blank record number i has `blank - i` rows before it: as many blanks as have no more than n come first.
    let [low, high] = [0, this.blanks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.blanks[middle]! - middle <= n) low = middle + 1;
      else high = middle;
    }
    return n + low;
  }
}
