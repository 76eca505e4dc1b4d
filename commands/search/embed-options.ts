import type { Command } from 'commander';
import { UsageError } from '../../src/errors.ts';
import { maxDimensions } from '../../src/vector/limits.ts';
import type { Context } from '../context.ts';
import { wholeNumber } from '../option-values.ts';

export interface EmbedFlags {
  /** True where the address comes from PGV_EMBED_URL. */
  embed?: string | true;
  embedModel?: string;
  dimensions?: number;
}

/** Words that a model makes a vector of. */
export function addEmbedOptions(command: Command): Command {
  return command
    .option(
      '--embed [url]',
      "by the vector that a model makes of --text, asked by OpenAI's API: OpenAI, Ollama, vLLM … (default: PGV_EMBED_URL; its key: PGV_EMBED_KEY)",
    )
    .option('--embed-model <name>', 'the model (default: PGV_EMBED_MODEL)')
    .option(
      '--dimensions <n>',
      'cut its vector to the first so many, and bring it to length 1, as pgv ingest --dimensions does',
      wholeNumber({ min: 1, max: maxDimensions.vector }),
    );
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
  const { embedWords } = await import('../../src/operations/search/embed-words.ts');
  const { embed, embedModel: model, dimensions } = options;
  const endpoint = endpointOf({ url: embed === true ? undefined : embed, model }, io.env);
  return embedWords(endpoint, words, dimensions, reporter, signal);
}
