/** A failure that another try may not meet: a connection lost, a server that is busy. */
export class PassingError extends Error {
  /** Seconds that the server asks to be left alone. */
  readonly retryAfter: number;

  constructor(message: string, { retryAfter = 0, cause }: { retryAfter?: number; cause?: unknown } = {}) {
    super(message, { cause });
    this.retryAfter = retryAfter;
  }
}
