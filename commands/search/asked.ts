import { UsageError } from '../../src/errors.ts';
import type { SearchOptions } from '../../src/operations/search/search.ts';
import type { TextOptions } from '../../src/operations/search/text.ts';
import type { Context } from '../context.ts';
import { readText } from '../io.ts';
import { type EmbedFlags, embedded } from './embed-options.ts';
import type { IndexFlags } from './index-options.ts';
import { checkedText, type TextFlags } from './text-options.ts';

export interface AskedFlags {
  id?: string;
  file?: string;
  dataset?: string;
  jobs?: number;
  explain?: true;
  limit: number;
}

type Flags = AskedFlags & TextFlags & EmbedFlags & IndexFlags;

type Query = SearchOptions['query'];

/** What is asked for: exactly one of the ways to say it. @throws UsageError where flags do not go together */
export async function askedFor(
  context: Context<Flags>,
  vector?: string,
): Promise<Query | { file: string } | Pick<TextOptions, 'text' | 'language' | 'hybrid'>> {
  checkRerank(context.options);
  const { text, hybrid } = checkedText(context.options, vector !== undefined);
  if (text === undefined) return queryOrFile(context, vector);
  const { language, embed } = context.options;
  const query = embed === undefined ? undefined : { vector: await embedded(context, text) };
  if (hybrid === undefined) return query ?? { text, language };
  const beside = query ?? ((await queryOrFile(context, vector)) as Query);
  return { text, language, hybrid: { query: beside, fusion: hybrid } };
}

function checkRerank({ rerank, limit, exact }: Flags): void {
  if (rerank === undefined) return;
  if (exact) {
    throw new UsageError('--rerank and --exact exclude each other', { hint: 'leave one of them out' });
  }
  if (rerank < limit) {
    throw new UsageError(`--rerank ${rerank} is less than the ${limit} rows asked for`, {
      hint: `take ${limit} candidates or more, or ask for fewer rows with -k`,
    });
  }
}

async function queryOrFile(
  { options, io }: Context<AskedFlags>,
  vector?: string,
): Promise<Query | { file: string }> {
  const { id, file, dataset, jobs } = options;
  const ways = { 'a vector': vector, '--id': id, '--file': file };
  const [given, other] = Object.entries(ways).filter(([, value]) => value !== undefined);
  if (other !== undefined) {
    throw new UsageError(`${given![0]} and ${other[0]} exclude each other`, {
      hint: 'leave one of them out',
    });
  }
  const ofFile = { '--dataset': dataset, '--jobs': jobs };
  const [stray] = Object.entries(ofFile).find(([, value]) => value !== undefined) ?? [];
  if (file === undefined && stray !== undefined) {
    throw new UsageError(`${stray} is about a file of queries, and there is none`, {
      hint: 'name it with --file',
    });
  }
  if (file !== undefined) return { file };
  if (id !== undefined) return { id };
  if (vector === undefined) {
    throw new UsageError('there is nothing to search for', {
      hint: "give a vector, as pgv search '[0.1,0.2,…]', a stored row's key with --id, a file of vectors with --file, or words with --text --embed",
    });
  }
  return { vector: vector === '-' ? await readText(io.stdin) : vector };
}
