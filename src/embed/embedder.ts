import { InterruptedError } from '../errors.ts';
import type { Endpoint } from './endpoint.ts';
import { RefusedTexts } from './refusal.ts';
import { Requester, type RequesterOptions } from './requester.ts';

/** Requests under way at a time. */
const sideBySide = 4;
/** What a request holds at the most: texts, and, where it is not one text alone, characters. */
const mostTexts = 64;
const mostCharacters = 2 ** 15;

export interface EmbedderOptions extends RequesterOptions {
  signal: AbortSignal;
}

/** Texts to embed, and what has come of it. */
interface Job {
  texts: readonly string[];
  vectors: (Float32Array | undefined)[];
  onRefused: (text: number, reason: string) => void;
  signal: AbortSignal;
}

/** Has an endpoint embed texts: many a request, and requests side by side. */
export class Embedder {
  private readonly requester: Requester;
  private readonly signal: AbortSignal;
  /** Learnt from the endpoint, which has limits of its own. */
  private most = mostTexts;

  constructor(endpoint: Endpoint, options: EmbedderOptions) {
    this.requester = new Requester(endpoint, options);
    this.signal = options.signal;
  }

  /**
   * The texts' vectors, in their order.
   * @param onRefused told of a text, by its index, that the endpoint does not take, and why: it has no vector then; what
   *   this throws ends it all
   * @throws UsageError, DatabaseError where the endpoint embeds nothing, or not now
   */
  async embed(
    texts: readonly string[],
    onRefused: (text: number, reason: string) => void,
  ): Promise<(Float32Array | undefined)[]> {
    const { signal } = this;
    if (signal.aborted) throw new InterruptedError();
    const ending = new AbortController();
    const end = () => ending.abort();
    signal.addEventListener('abort', end, { once: true });
    const job: Job = { texts, vectors: texts.map(() => undefined), onRefused, signal: ending.signal };
    let next = 0;
    const work = async () => {
      while (next < texts.length) {
        const from = next;
        next = this.endOf(texts, from);
        await this.embedSome(job, from, next);
      }
    };
    try {
      await Promise.all(Array.from({ length: sideBySide }, work));
      return job.vectors;
    } finally {
      // Where one has failed the others are of no use.
      end();
      signal.removeEventListener('abort', end);
    }
  }

  /** Where a request that begins with a text ends. */
  private endOf(texts: readonly string[], from: number): number {
    let characters = texts[from]!.length;
    let end = from + 1;
    while (end < texts.length && end - from < this.most) {
      characters += texts[end]!.length;
      if (characters > mostCharacters) break;
      end++;
    }
    return end;
  }

  /** @returns how many of the texts [from, to) were refused */
  private async embedSome(job: Job, from: number, to: number): Promise<number> {
    let mayBeTooMany = true;
    // Meanwhile others may have learnt that these are too many.
    if (to - from <= this.most) {
      const refusal = await this.refusalOf(job, from, to);
      if (refusal === undefined) return 0;
      if (to - from === 1) {
        job.onRefused(from, refusal.message);
        return 1;
      }
      mayBeTooMany = refusal.mayBeTooMany;
    }
    const middle = (from + to) >> 1;
    const refused = (await this.embedSome(job, from, middle)) + (await this.embedSome(job, middle, to));
    // Nothing is wrong with any of them: they were too many.
    if (refused === 0 && mayBeTooMany) this.most = Math.min(this.most, to - middle);
    return refused;
  }

  /** One request. @returns undefined where the texts are not refused, and their vectors are there */
  private async refusalOf(job: Job, from: number, to: number): Promise<RefusedTexts | undefined> {
    try {
      const vectors = await this.requester.ask(job.texts.slice(from, to), job.signal);
      for (const [i, vector] of vectors.entries()) job.vectors[from + i] = vector;
      return undefined;
    } catch (error) {
      if (error instanceof RefusedTexts) return error;
      throw error;
    }
  }
}
