import { variable } from '../environment.ts';
import { UsageError } from '../errors.ts';
import { withoutSecrets } from '../sources/url.ts';

/**
 * A server that embeds texts as OpenAI's API does: OpenAI itself, Ollama, vLLM, text-embeddings-inference and others.
 * Plain data, as it goes to the lanes.
 * https://platform.openai.com/docs/api-reference/embeddings/create
 */
export interface Endpoint {
  /** What is posted to, without user and password. */
  url: string;
  /** The same as messages may show it. */
  name: string;
  /** Undefined: the server has one. */
  model: string | undefined;
  /** What is secret: the header's value, which no message shows. */
  authorization: string | undefined;
}

/** As flags give them; what is left out comes from PGV_EMBED_URL and PGV_EMBED_MODEL. */
export interface EndpointFlags {
  url?: string | undefined;
  model?: string | undefined;
}

/** @throws UsageError where nothing says which, or what says it is wrong */
export function endpointOf(flags: EndpointFlags, env: NodeJS.ProcessEnv): Endpoint {
  const given = flags.url ?? variable(env, 'PGV_EMBED_URL');
  if (given === undefined) {
    throw new UsageError('nothing says which endpoint embeds texts', {
      code: 'no-endpoint',
      hint: 'set PGV_EMBED_URL, for example to https://api.openai.com/v1 or, of Ollama, http://localhost:11434/v1',
    });
  }
  const url = urlOf(given);
  const authorization = authorizationOf(url, env);
  url.username = '';
  url.password = '';
  if (!/\/embeddings\/?$/.test(url.pathname)) url.pathname = url.pathname.replace(/\/?$/, '/embeddings');
  const model = flags.model ?? variable(env, 'PGV_EMBED_MODEL');
  if (model?.trim() === '') throw new UsageError('--embed-model is empty', { hint: 'name a model' });
  return { url: url.href, name: withoutSecrets(url.href), model, authorization };
}

function urlOf(given: string): URL {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url;
  throw new UsageError(`${withoutSecrets(given)} is no URL of an endpoint that embeds`, {
    code: 'bad-url',
    hint: 'it begins with https:// or http://, as in http://localhost:11434/v1',
  });
}

/** PGV_EMBED_KEY; else, for OpenAI alone, whose secret it is, OPENAI_API_KEY; else what the URL has. */
function authorizationOf({ origin, username, password }: URL, env: NodeJS.ProcessEnv): string | undefined {
  const names = ['PGV_EMBED_KEY', ...(origin === 'https://api.openai.com' ? ['OPENAI_API_KEY'] : [])];
  for (const name of names) {
    const key = variable(env, name)?.trim();
    if (key === undefined) continue;
    if (/^[\x21-\x7e]+$/.test(key)) return `Bearer ${key}`;
    throw new UsageError(`${name} is no key: it holds a blank, or what no header can`, {
      code: 'bad-key',
      hint: 'give it the key alone',
    });
  }
  if (username === '' && password === '') return undefined;
  const pair = `${decodedPart(username)}:${decodedPart(password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

/** A URL's user or password as it is meant. */
function decodedPart(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new UsageError('the user or password in the URL of the endpoint holds a % that begins no escape', {
      code: 'bad-url',
      hint: 'write % as %25',
    });
  }
}
