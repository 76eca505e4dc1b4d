import type { Command } from 'commander';
import { endpointOf } from '../../src/embed/endpoint.ts';
import { UsageError } from '../../src/errors.ts';
import { type Embedding, embeddingOf } from '../../src/operations/ingest/embed/embedding.ts';
import type { Context } from '../context.ts';
import { keyName } from '../option-values.ts';

export interface EmbedFlags {
  embed?: [string, string][];
  embedUrl?: string;
  embedModel?: string;
}

/** Texts that become vectors on their way in. */
export function addEmbedOptions(command: Command): Command {
  return command
    .optionsGroup('Texts that become vectors:')
    .option(
      '--embed <field=column>',
      'the vector column that takes what a model makes of a text field; several times',
      keyName,
    )
    .option(
      '--embed-url <url>',
      "who embeds, by OpenAI's API: OpenAI, Ollama, vLLM … (default: PGV_EMBED_URL; its key: PGV_EMBED_KEY)",
    )
    .option('--embed-model <name>', 'the model (default: PGV_EMBED_MODEL)');
}

/** @throws UsageError where flags do not go together, or nothing says who embeds */
export function embeddingFor({ options, io, reporter, signal }: Context<EmbedFlags>): Embedding | undefined {
  const { embed, embedUrl, embedModel } = options;
  if (embed !== undefined) {
    return embeddingOf(embed, endpointOf({ url: embedUrl, model: embedModel }, io.env), reporter, signal);
  }
  const stray =
    embedUrl !== undefined ? '--embed-url' : embedModel !== undefined ? '--embed-model' : undefined;
  if (stray === undefined) return undefined;
  throw new UsageError(`${stray} says how texts are embedded, and none are`, {
    hint: 'say which with --embed <field>=<column>, or leave it out',
  });
}
