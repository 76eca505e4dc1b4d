import type { Command } from 'commander';
import { UsageError } from '../../src/errors.ts';
import { tryingAgain } from '../../src/operations/lasting-connection.ts';
import type { Context } from '../context.ts';

export interface EmbedFlags {
  /** True where it comes from PGV_EMBED_URL. */
  embed?: string | true;
  embedModel?: string;
}

/** Words that a model makes a vector of. */
export function addEmbedOptions(command: Command): Command {
  return command
    .option(
      '--embed [url]',
      "by the vector that a model makes of --text, asked by OpenAI's API: OpenAI, Ollama, vLLM … (default: PGV_EMBED_URL; its key: PGV_EMBED_KEY)",
    )
    .option('--embed-model <name>', 'the model (default: PGV_EMBED_MODEL)');
}

/**
 * The vector of the words, as text.
 * @throws UsageError, DatabaseError where nothing says who embeds, or it does not
 */
export async function embedded(
  { options, io, reporter, signal }: Context<EmbedFlags>,
  words: string,
): Promise<string> {
  if (words.trim() === '') throw new UsageError('--text is empty: there is nothing to embed');
  const { endpointOf } = await import('../../src/embed/endpoint.ts');
  const { embedOne } = await import('../../src/embed/embed-one.ts');
  const url = options.embed === true ? undefined : options.embed;
  const endpoint = endpointOf({ url, model: options.embedModel }, io.env);
  const onRetry = (message: string, pause: number) => reporter.warn(tryingAgain(message, pause));
  return `[${(await embedOne(endpoint, words, { signal, onRetry })).join(',')}]`;
}
