/** Somebody who has the database to itself from its BEGIN to its COMMIT. */
export interface Turn<Owner> {
  owner: Owner;
  /** Never rejects. */
  run: () => Promise<void>;
}

/** Runs one piece of work at a time, in order, but what belongs to an open transaction before everything else. */
export class Turns<Owner> {
  readonly #isInTransaction: () => boolean;
  #waiting: Turn<Owner>[] = [];
  #holder: Owner | undefined;
  #isRunning = false;

  constructor(isInTransaction: () => boolean) {
    this.#isInTransaction = isInTransaction;
  }

  add(turn: Turn<Owner>): void {
    this.#waiting.push(turn);
    void this.#runAll();
  }

  /** Drops what `owner` still wanted; `rollback` runs in its place if it is in a transaction. */
  leave(owner: Owner, rollback: () => Promise<void>): void {
    this.#waiting = this.#waiting.filter((turn) => turn.owner !== owner);
    // Added even where it holds nothing now: its last statement may be running.
    this.add({ owner, run: async () => (this.#holder === owner ? rollback() : undefined) });
  }

  async #runAll(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    for (let turn = this.#next(); turn !== undefined; turn = this.#next()) {
      await turn.run();
      this.#holder = this.#isInTransaction() ? turn.owner : undefined;
    }
    this.#isRunning = false;
  }

  #next(): Turn<Owner> | undefined {
    const holder = this.#holder;
    const at = holder === undefined ? 0 : this.#waiting.findIndex((turn) => turn.owner === holder);
    return at < 0 ? undefined : this.#waiting.splice(at, 1)[0];
  }
}
