import { setMaxListeners } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { DatabaseError, InterruptedError, PgvError } from '../errors.ts';
import { changed, checkSame, type FileFacts, factsOf, rangeOf } from './http-answer.ts';
import { body, get } from './http-request.ts';
import { innermost, lastingHints } from './network-failure.ts';
import { PassingError } from './passing-error.ts';
import { withoutSecrets } from './url.ts';

/** How patient a file's reader is; milliseconds. */
export interface Patience {
  /** Without an answer, or a byte of it, after which a connection counts as lost. */
  idle: number;
  /** Before the second try; each further one waits twice as long. */
  firstPause: number;
}

/** Eight tries: half a minute of waiting in all. */
const tries = 8;
const longestPause = 30_000;

/** A file that a server of HTTP has: its bytes from anywhere on, with new connections for those that are lost. */
export class HttpFile {
  /** Without what is secret of its URL. */
  readonly name: string;
  private readonly original: URL;
  /** Where redirects have led. They may lead elsewhere later: a signed address expires. */
  private current: URL;
  private readonly patience: Patience;
  private readonly note: (line: string) => void;
  private readonly ending = new AbortController();
  private first: { facts: FileFacts; hasRanges: boolean } | undefined;

  /** @param note told of each new try */
  constructor(url: URL, note: (line: string) => void, patience: Patience) {
    this.name = withoutSecrets(url.href);
    this.original = url;
    this.current = url;
    this.note = note;
    this.patience = patience;
    // Ranges may be read side by side.
    setMaxListeners(0, this.ending.signal);
  }

  /** Known once a byte has been read, or the end. */
  get facts(): FileFacts | undefined {
    return this.first?.facts;
  }

  /** Whether bytes can be had from anywhere on. */
  get hasRanges(): boolean {
    return this.first?.hasRanges ?? false;
  }

  /** Ends everything that is under way; it then fails. */
  close(): void {
    this.ending.abort();
  }

  /**
   * The bytes [start, end), by default up to the end of the file: one request, and where its connection breaks
   * another for what is left. The first chunk is empty, and comes with the server's answer.
   * @throws DataError where the file changed; UsageError, DatabaseError where it cannot be had
   */
  async *bytes(start: number, end?: number): AsyncGenerator<Uint8Array> {
    let position = start;
    let failures = 0;
    for (;;) {
      try {
        const response = await this.request(position, end);
        const expected = end ?? this.facts?.byteLength;
        if (position === start) yield new Uint8Array(0);
        for await (const chunk of body(response, this.patience.idle)) {
          position += chunk.length;
          failures = 0;
          yield chunk;
        }
        if (expected === undefined || position >= expected) return;
        throw new PassingError('the connection was cut');
      } catch (error) {
        if (this.ending.signal.aborted) throw new InterruptedError();
        // A fault of ours has no code.
        if (error instanceof PgvError || !(error instanceof PassingError || 'code' in (error as Error)))
          throw error;
        failures++;
        this.checkWorthTrying(error, failures, position);
        await this.wait(error, failures);
      }
    }
  }

  /** A good answer from `start` on. */
  private async request(start: number, end: number | undefined): Promise<IncomingMessage> {
    const known = this.first?.facts;
    const headers: Record<string, string> = { 'accept-encoding': 'identity' };
    headers.range = `bytes=${start}-${end === undefined ? '' : end - 1}`;
    // A weak tag is not allowed there (RFC 9110, section 13.1.5).
    if (known?.etag?.startsWith('"')) headers['if-range'] = known.etag;
    let response = await this.get(headers);
    // Of an empty file there is no range.
    if (response.statusCode === 416 && known === undefined && start === 0) {
      response.destroy();
      delete headers.range;
      response = await this.get(headers);
    }
    try {
      this.judge(response, start);
    } catch (error) {
      response.destroy();
      throw error;
    }
    return response;
  }

  private async get(headers: Record<string, string>): Promise<IncomingMessage> {
    const { signal } = this.ending;
    const { idle } = this.patience;
    let answer = await get(this.current, headers, signal, idle);
    const isRefused = [401, 403, 404, 410].includes(answer.response.statusCode!);
    if (isRefused && this.current !== this.original) {
      answer.response.destroy();
      answer = await get(this.original, headers, signal, idle);
    }
    this.current = answer.url.href === this.original.href ? this.original : answer.url;
    return answer.response;
  }

  /** Whether the answer has the bytes from `start` on, of the file that earlier ones were of. */
  private judge(response: IncomingMessage, start: number): void {
    const { statusCode } = response;
    if (this.first !== undefined && (statusCode === 412 || statusCode === 416)) throw changed(this.name);
    const facts = factsOf(response, this.name);
    const range = statusCode === 206 ? rangeOf(response) : undefined;
    if (this.first === undefined) {
      this.first = { facts, hasRanges: range?.total !== undefined };
    } else {
      checkSame(this.first.facts, facts, this.name);
      // If-Range: all of it, and no part, where it is another.
      if (start > 0 && range === undefined) throw changed(this.name);
    }
    if (range === undefined ? start === 0 && statusCode === 200 : range.start === start) return;
    throw new DatabaseError(
      `${this.name}: the server answers with another part of the file than was asked for`,
      {
        code: 'read-failed',
        file: this.name,
        hint: 'download it first, and ingest that',
      },
    );
  }

  private checkWorthTrying(error: unknown, failures: number, position: number): void {
    const { message, code } = innermost(error);
    const details = { code: 'read-failed', file: this.name, cause: error };
    const hint = lastingHints.get(code);
    if (this.first === undefined && hint !== undefined) {
      throw new DatabaseError(`${this.name} cannot be reached: ${message}`, { ...details, hint });
    }
    if (position > 0 && !this.hasRanges) {
      throw new DatabaseError(
        `${this.name}: ${message} after ${position} bytes, and this server cannot go on from there`,
        { ...details, hint: 'download it first, and ingest that' },
      );
    }
    if (failures < tries) return;
    throw new DatabaseError(`${this.name} cannot be read: ${message}, ${tries} times`, {
      ...details,
      hint: 'run the same command again, later',
    });
  }

  private async wait(error: unknown, failures: number): Promise<void> {
    const asked = error instanceof PassingError ? error.retryAfter * 1000 : 0;
    const time = Math.min(longestPause, Math.max(asked, this.patience.firstPause * 2 ** (failures - 1)));
    this.note(`${this.name}: ${innermost(error).message}; trying again in ${(time / 1000).toFixed(1)} s`);
    await pause(time, undefined, { signal: this.ending.signal }).catch(() => {
      throw new InterruptedError();
    });
  }
}
