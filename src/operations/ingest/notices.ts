import type { Reporter } from '../../progress.ts';

/** Texts that are kept: one that names its row is another each time. */
const mostTexts = 20;

/** What the server has said while rows went in, a trigger perhaps: each text once, and how often it came. */
export class Notices {
  private readonly counts = new Map<string, number>();
  /** Of other texts than those that are kept. */
  private others = 0;

  add(text: string, count = 1): void {
    const before = this.counts.get(text);
    if (before !== undefined || this.counts.size < mostTexts) this.counts.set(text, (before ?? 0) + count);
    else this.others += count;
  }

  /** In a form that goes to other threads; undefined where there are none. */
  told(): ToldNotices | undefined {
    return this.counts.size === 0 ? undefined : { texts: [...this.counts], others: this.others };
  }

  addAll({ texts, others }: ToldNotices): void {
    for (const [text, count] of texts) this.add(text, count);
    this.others += others;
  }

  report({ note }: Pick<Reporter, 'note'>): void {
    for (const [text, count] of this.counts) {
      note(`the server says: ${text}${count === 1 ? '' : ` (${count.toLocaleString('en')} times)`}`);
    }
    if (this.others > 0) note(`the server says more, ${this.others.toLocaleString('en')} times`);
  }
}

export interface ToldNotices {
  texts: readonly (readonly [text: string, count: number])[];
  others: number;
}
