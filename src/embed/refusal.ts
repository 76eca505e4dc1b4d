import { DatabaseError, PgvError, UsageError } from '../errors.ts';
import { PassingError } from '../sources/passing-error.ts';
import type { Endpoint } from './endpoint.ts';
import type { Answer } from './post.ts';

/** The endpoint does not take these texts: one of them, or, where it says so itself, so many at once. */
export class RefusedTexts extends Error {
  readonly mayBeTooMany: boolean;

  /** @param reason what it answers */
  constructor(reason: string, { mayBeTooMany }: { mayBeTooMany: boolean }) {
    super(reason);
    this.mayBeTooMany = mayBeTooMany;
  }
}

/** 500: the endpoint has failed, or makes this of texts that it does not take, as llama.cpp does of long ones. */
export class ServerFault extends PassingError {
  /** What it says. */
  readonly answer: string;

  constructor(answer: string, retryAfter: number) {
    super(`the endpoint answers ${answer}`, { retryAfter });
    this.answer = answer;
  }
}

/** Whether an error is the endpoint's, and no text's: once that is mended, the same work goes on. */
export function isOfEndpoint(error: unknown): boolean {
  return error instanceof PgvError && error.code.startsWith('embed-');
}

/** What an answer that holds no vectors means. */
export function refusal(endpoint: Endpoint, answer: Answer): PgvError | PassingError | RefusedTexts {
  const { status, meaning, headers } = answer;
  const { name, model } = endpoint;
  const reason = reasonOf(endpoint, answer);
  const what = `${status} ${meaning}`.trim() + (reason === '' ? '' : `: ${reason}`);
  if (status === 400 || status === 413 || status === 422)
    return new RefusedTexts(what, { mayBeTooMany: true });
  if (status === 401 || status === 403) {
    return new UsageError(`${name} does not let pgv in: the endpoint answers ${what}`, {
      code: 'embed-key',
      hint: 'PGV_EMBED_KEY holds its key (OPENAI_API_KEY counts for https://api.openai.com alone)',
    });
  }
  if (status >= 300 && status < 400) {
    const to = typeof headers.location === 'string' ? ` to ${headers.location.replace(/[?#].*$/s, '')}` : '';
    return new UsageError(`${name} redirects${to}: texts are sent to where they are meant for alone`, {
      code: 'embed-url',
      hint: 'give the address that it redirects to',
    });
  }
  if (status === 404 || status === 405) {
    return new UsageError(`${name} embeds nothing: the endpoint answers ${what}`, {
      code: 'embed-url',
      hint:
        model === undefined
          ? 'name the model with --embed-model or PGV_EMBED_MODEL, and check the address, which mostly ends in /v1'
          : `check the address, which mostly ends in /v1, and the model's name, ${model}`,
    });
  }
  const passing = status === 408 || status === 409 || status === 425 || status === 429 || status >= 500;
  if (passing && !isOutOfFunds(answer)) {
    if (status === 500) return new ServerFault(what, retryAfter(answer));
    return new PassingError(`the endpoint answers ${what}`, { retryAfter: retryAfter(answer) });
  }
  return new DatabaseError(`${name}: the endpoint answers ${what}`, { code: 'embed-failed' });
}

/** OpenAI answers with 429 then, too, and no pause changes that. */
function isOutOfFunds({ status, body }: Answer): boolean {
  return status === 429 && body.includes('insufficient_quota');
}

/** RFC 9110, section 10.2.3: seconds, or a date. @returns seconds; 0: the server does not say */
function retryAfter({ headers }: Answer): number {
  const text = headers['retry-after'] ?? '';
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  const date = Date.parse(text);
  return Number.isNaN(date) ? 0 : Math.max(0, (date - Date.now()) / 1000);
}

const longestReason = 300;

/** What the endpoint itself says, in a line; never the key, should it say that. */
function reasonOf({ authorization }: Endpoint, { body }: Answer): string {
  const secret = authorization?.replace(/^\w+ /, '');
  const told = messageIn(body) ?? (/^\s*</.test(body) ? '' : body);
  const shown = secret === undefined ? told : told.replaceAll(secret, '…');
  const line = shown.replace(/[\p{C}\s]+/gu, ' ').trim();
  return line.length > longestReason ? `${line.slice(0, longestReason - 1)}…` : line;
}

/**
 * `{error: {message}}` of OpenAI, Ollama and vLLM, `{error}` and `{message}` of text-embeddings-inference, `{detail}`
 * of FastAPI.
 */
function messageIn(body: string): string | undefined {
  let document: unknown;
  try {
    document = JSON.parse(body);
  } catch {
    return undefined;
  }
  const found = ['error', 'message', 'detail'].map((key) => member(document, key)).find(Boolean);
  const message = member(found, 'message') ?? found;
  if (message === undefined) return undefined;
  return typeof message === 'string' ? message : JSON.stringify(message);
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
