import { type Command, InvalidArgumentError } from 'commander';
import { UsageError } from '../../src/errors.ts';
import type { Fusion } from '../../src/operations/search/fuse.ts';
import { decimalNumber, wholeNumber } from '../option-values.ts';
import type { EmbedFlags } from './embed-options.ts';

export interface TextFlags {
  text?: string;
  language?: string;
  hybrid?: true;
  rrfK?: number;
  weights?: [number, number];
}

/** Flags that do not go with every search by words. */
interface OtherFlags extends EmbedFlags {
  id?: string;
  file?: string;
  maxDistance?: number;
  rerank?: number;
}

/** By words, alone or together with a vector. */
export function addTextOptions(command: Command): Command {
  return command
    .option('--text <words>', 'rows whose text matches, as in a web search: chess -clock "opening book"')
    .option('--language <name>', "of the text, as english (default: the session's)")
    .option('--hybrid', 'by a vector and by --text together: reciprocal rank fusion')
    .option('--rrf-k <n>', 'its constant (default: 60)', wholeNumber({ min: 0 }))
    .option('--weights <vector,text>', 'with --hybrid: weighted scores instead, as 0.7,0.3', weights);
}

const usualRrfK = 60;

/**
 * The words, and how a hybrid search takes both rankings together.
 * @param hasVector one was given as the argument
 * @throws UsageError where flags do not go together
 */
export function checkedText(
  flags: TextFlags & OtherFlags,
  hasVector: boolean,
): { text: string | undefined; hybrid: Fusion | undefined } {
  const { text, language, hybrid, rrfK, weights, id, file, maxDistance, rerank } = flags;
  const { embed, embedModel, dimensions } = flags;
  const refuse = (message: string, hint: string): never => {
    throw new UsageError(message, { hint });
  };
  const needs = (flags: Record<string, unknown>, needed: string) => {
    const [flag] = Object.entries(flags).find(([, value]) => value !== undefined) ?? [];
    if (flag !== undefined) refuse(`${flag} needs ${needed}`, `add ${needed}, or leave ${flag} out`);
  };
  if (text === undefined) {
    needs(
      {
        '--hybrid': hybrid,
        '--language': language,
        '--rrf-k': rrfK,
        '--weights': weights,
        '--embed': embed,
        '--embed-model': embedModel,
        '--dimensions': dimensions,
      },
      '--text <words>',
    );
    return { text, hybrid: undefined };
  }
  if (file !== undefined) refuse('--text and --file exclude each other', 'leave one of them out');
  if (embed === undefined) needs({ '--embed-model': embedModel, '--dimensions': dimensions }, '--embed');
  else if (hasVector || id !== undefined) {
    refuse(`${hasVector ? 'a vector' : '--id'} and --embed exclude each other`, 'leave one of them out');
  }
  if (embed !== undefined && !hybrid) {
    needs({ '--language': language, '--rrf-k': rrfK, '--weights': weights }, '--hybrid');
    return { text, hybrid: undefined };
  }
  if (!hybrid) {
    needs(
      {
        'a vector beside --text': hasVector || undefined,
        '--id beside --text': id,
        '--max-distance beside --text': maxDistance,
        '--rerank beside --text': rerank,
        '--rrf-k': rrfK,
        '--weights': weights,
      },
      '--hybrid',
    );
    return { text, hybrid: undefined };
  }
  if (rrfK !== undefined && weights !== undefined) {
    refuse('--rrf-k and --weights exclude each other', 'leave one of them out');
  }
  return { text, hybrid: weights === undefined ? { rrfK: rrfK ?? usualRrfK } : { weights } };
}

function weights(value: string): [number, number] {
  const [vector, text, ...more] = value.split(',').map((part) => decimalNumber({ min: 0 })(part.trim()));
  if (vector === undefined || text === undefined || more.length > 0 || vector + text === 0) {
    throw new InvalidArgumentError('It must be two numbers, not both 0, as 0.7,0.3.');
  }
  return [vector, text];
}
