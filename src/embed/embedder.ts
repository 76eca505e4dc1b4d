import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseError, InterruptedError } from '../errors.ts';
import { PassingError } from '../sources/http-answer.ts';
import { innermost, lastingHints } from '../sources/network-failure.ts';
import type { Endpoint } from './endpoint.ts';
import { post } from './post.ts';
import { RefusedTexts, refusal } from './refusal.ts';
import { vectorsOf } from './vectors.ts';

/** Requests under way at a time. */
const sideBySide = 4;
/** What a request holds at the most: texts, and, where it is not one text alone, characters. */
const mostTexts = 64;
const mostCharacters = 2 ** 15;

/** Milliseconds. */
const firstPause = 500;
const longestPause = 30_000;
const defaultPatience = 5 * 60_000;

export interface EmbedderOptions {
  signal: AbortSignal;
  /** Told before each pause. */
  onRetry: (message: string, milliseconds: number) => void;
  /** Milliseconds that a trouble which may pass is given to pass; default 5 minutes. */
  patience?: number | undefined;
  /** It is known to answer: one that cannot be reached is then waited for. */
  known?: boolean;
}

/** Has an endpoint embed texts: many a request, requests side by side, again where one fails for now. */
export class Embedder {
  private readonly endpoint: Endpoint;
  private readonly options: EmbedderOptions;
  /** Learnt from it: endpoints have limits of their own. */
  private most = mostTexts;
  /** When it answered last, by performance.now(); undefined: never yet. */
  private answered: number | undefined;
  /** Until then it is left alone, as it has asked one request. */
  private calmUntil = 0;

  constructor(endpoint: Endpoint, options: EmbedderOptions) {
    this.endpoint = endpoint;
    this.options = options;
    if (options.known) this.answered = performance.now();
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
    const ending = new AbortController();
    const abort = () => ending.abort();
    const { signal } = this.options;
    if (signal.aborted) throw new InterruptedError();
    signal.addEventListener('abort', abort, { once: true });
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
      abort();
      signal.removeEventListener('abort', abort);
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
    // Meanwhile others may have learnt that these are too many.
    if (to - from <= this.most) {
      const reason = await this.reasonAgainst(job, from, to);
      if (reason === undefined) return 0;
      if (to - from === 1) {
        job.onRefused(from, reason);
        return 1;
      }
    }
    const middle = (from + to) >> 1;
    const refused = (await this.embedSome(job, from, middle)) + (await this.embedSome(job, middle, to));
    // Nothing is wrong with any of them: they were too many.
    if (refused === 0) this.most = Math.min(this.most, to - middle);
    return refused;
  }

  /** One request. @returns why these texts are refused; undefined: their vectors are there */
  private async reasonAgainst(job: Job, from: number, to: number): Promise<string | undefined> {
    try {
      const vectors = await this.ask(job.texts.slice(from, to), job.signal);
      for (const [i, vector] of vectors.entries()) job.vectors[from + i] = vector;
      return undefined;
    } catch (error) {
      if (error instanceof RefusedTexts) return error.message;
      throw error;
    }
  }

  /** Asks until there is an answer. */
  private async ask(texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]> {
    const { endpoint } = this;
    const body = Buffer.from(JSON.stringify({ model: endpoint.model, input: texts }));
    let failingSince: number | undefined;
    for (let attempt = 0; ; attempt++) {
      try {
        await calm(this.calmUntil, signal);
        const answer = await post(endpoint, body, signal);
        if (answer.status !== 200) throw refusal(endpoint, answer);
        const vectors = vectorsOf(endpoint, answer.body, texts.length);
        this.answered = performance.now();
        return vectors;
      } catch (error) {
        if (signal.aborted) throw new InterruptedError();
        if (!(error instanceof PassingError)) throw error;
        failingSince ??= performance.now();
        this.pause(error, attempt, failingSince);
      }
    }
  }

  /** Leaves the endpoint alone for a while. @throws DatabaseError where it had its time */
  private pause(error: PassingError, attempt: number, failingSince: number): void {
    const { endpoint, answered } = this;
    const { patience = defaultPatience, onRetry } = this.options;
    const details = { code: 'embed-failed', cause: error };
    const hint = lastingHints.get(innermost(error.cause ?? error).code);
    if (answered === undefined && hint !== undefined) {
      throw new DatabaseError(`${endpoint.name} cannot be reached: ${error.message}`, { ...details, hint });
    }
    const now = performance.now();
    // Lanes that were turned away together shall not all come back at once.
    const usual = Math.min(longestPause, firstPause * 2 ** attempt) * (0.5 + Math.random() / 2);
    const pause = Math.max(usual, error.retryAfter * 1000);
    // While others are answered it is there, and busy.
    if (now + pause - Math.max(failingSince, answered ?? 0) > patience) {
      const asked = error.retryAfter > 0 ? `, and asks to be left alone for ${error.retryAfter} s` : '';
      throw new DatabaseError(`${endpoint.name}: ${error.message}${asked}`, {
        ...details,
        hint: `tried again for ${Math.round(patience / 1000)} s; run the same command again, later`,
      });
    }
    // Those that failed together wait together.
    if (now >= this.calmUntil) onRetry(`${endpoint.name}: ${error.message}`, pause);
    this.calmUntil = Math.max(this.calmUntil, now + pause);
  }
}

/** Texts to embed, and what has come of it. */
interface Job {
  texts: readonly string[];
  vectors: (Float32Array | undefined)[];
  onRefused: (text: number, reason: string) => void;
  signal: AbortSignal;
}

/** @param until by performance.now() */
async function calm(until: number, signal: AbortSignal): Promise<void> {
  const left = until - performance.now();
  if (left > 0) await sleep(left, undefined, { signal });
}
