import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseError, InterruptedError } from '../errors.ts';
import { innermost, lastingHints } from '../sources/network-failure.ts';
import { PassingError } from '../sources/passing-error.ts';
import type { Endpoint } from './endpoint.ts';
import { longestIdle, post } from './post.ts';
import { RefusedTexts, refusal, ServerFault } from './refusal.ts';
import { vectorsOf } from './vectors.ts';

/** Milliseconds. */
const firstPause = 500;
const longestPause = 30_000;
const defaultPatience = 5 * 60_000;

/** Failures of the endpoint's own after which texts are doubted: several are told apart then, one is refused. */
const doubtsMany = 1;
const doubtsOne = 3;

/** Node's codes for what is no answer of HTTP. */
const noHttp = /^HPE_/;

/** What any model takes, to see what it makes of it. */
export const anyText = 'dimensions';

export interface RequesterOptions {
  /** Told before each pause. */
  onRetry: (message: string, milliseconds: number) => void;
  /** Milliseconds that a trouble which may pass is given to pass; default 5 minutes. */
  patience?: number | undefined;
  /** It is known to answer: one that cannot be reached is then waited for. */
  known?: boolean;
}

/** Asks an endpoint, and again after a pause where it fails for now. Requests may be under way side by side. */
export class Requester {
  private readonly endpoint: Endpoint;
  private readonly options: RequesterOptions & { patience: number };
  /** When it answered last, by performance.now(); undefined: never yet. */
  private answered: number | undefined;
  /** Until then it is left alone, as it has asked one request. */
  private calmUntil = 0;

  constructor(endpoint: Endpoint, options: RequesterOptions) {
    this.endpoint = endpoint;
    this.options = { ...options, patience: options.patience ?? defaultPatience };
    if (options.known) this.answered = performance.now();
  }

  /**
   * The texts' vectors.
   * @throws RefusedTexts where it does not take them; UsageError, DatabaseError where it embeds nothing, or not now
   */
  async ask(texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]> {
    let began: number | undefined;
    for (let attempt = 0; ; attempt++) {
      try {
        await calm(this.calmUntil, signal);
        began ??= performance.now();
        const vectors = await this.askOnce(texts, signal);
        this.answered = performance.now();
        return vectors;
      } catch (error) {
        if (signal.aborted) throw new InterruptedError();
        if (!(error instanceof PassingError)) throw error;
        const isDoubted = attempt >= (texts.length > 1 ? doubtsMany : doubtsOne);
        if (isDoubted && error instanceof ServerFault && (await this.isWell(signal))) {
          throw new RefusedTexts(error.answer, { mayBeTooMany: false });
        }
        this.pause(error, attempt, began!);
      }
    }
  }

  private async askOnce(texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]> {
    const { endpoint } = this;
    const idle = Math.min(longestIdle, this.options.patience);
    const body = Buffer.from(JSON.stringify({ model: endpoint.model, input: texts }));
    const answer = await post(endpoint, body, idle, signal);
    if (answer.status !== 200) throw refusal(endpoint, answer);
    return vectorsOf(endpoint, answer.body, texts.length);
  }

  /** Whether it embeds what any endpoint does. */
  private isWell(signal: AbortSignal): Promise<boolean> {
    return this.askOnce([anyText], signal).then(
      () => true,
      () => false,
    );
  }

  /** Has the endpoint left alone for a while. @throws DatabaseError where it had its time */
  private pause(error: PassingError, attempt: number, began: number): void {
    const { endpoint, answered } = this;
    const { patience, onRetry } = this.options;
    const details = { code: 'embed-failed', cause: error };
    const { code } = innermost(error.cause ?? error);
    const hint = lastingHints.get(code);
    if (answered === undefined && (hint !== undefined || noHttp.test(code))) {
      throw new DatabaseError(`${endpoint.name} cannot be reached: ${error.message}`, { ...details, hint });
    }
    const now = performance.now();
    // Lanes that were turned away together shall not all come back at once.
    const usual = Math.min(longestPause, firstPause * 2 ** attempt) * (0.5 + Math.random() / 2);
    const pause = Math.max(usual, error.retryAfter * 1000);
    // While others are answered it is there, and busy.
    const since = Math.max(began, answered ?? 0);
    if (now + pause - since > patience) {
      const calmFor = Math.ceil(error.retryAfter);
      const asked = calmFor > 0 ? `, and asks to be left alone for ${calmFor} s` : '';
      const tried = Math.round((now - since) / 1000);
      throw new DatabaseError(`${endpoint.name}: ${error.message}${asked}`, {
        ...details,
        hint: `${tried > 0 ? `tried for ${tried} s; ` : ''}run the same command again${calmFor > 0 ? ' then' : ', later'}`,
      });
    }
    // Those that failed together wait together.
    if (now >= this.calmUntil) onRetry(`${endpoint.name}: ${error.message}`, pause);
    this.calmUntil = Math.max(this.calmUntil, now + pause);
  }
}

/** @param until by performance.now() */
async function calm(until: number, signal: AbortSignal): Promise<void> {
  const left = until - performance.now();
  if (left > 0) await sleep(left, undefined, { signal });
}
