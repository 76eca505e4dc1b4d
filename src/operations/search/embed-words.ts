import type { VectorColumn } from '../../batch.ts';
import { embedOne } from '../../embed/embed-one.ts';
import type { Endpoint } from '../../embed/endpoint.ts';
import { UsageError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { Transformer } from '../../vector/transform.ts';
import { tryingAgain } from '../lasting-connection.ts';

/**
 * The vector that a model makes of words, as text.
 * @param cut keeps the first so many elements, and brings them to length 1; undefined: it stays as it is
 * @throws UsageError, DatabaseError where there is none
 */
export async function embedWords(
  endpoint: Endpoint,
  words: string,
  cut: number | undefined,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<string> {
  const onRetry = (message: string, pause: number) => reporter.warn(tryingAgain(message, pause));
  const values = await embedOne(endpoint, words, { signal, onRetry });
  const column: VectorColumn = { kind: 'vector', dimensions: values.length, values, validity: undefined };
  const cutShort = new Transformer({ cut }).dense(column, 1, (_, { message }) => {
    throw new UsageError(`--dimensions ${cut}: ${message}`, { code: 'wrong-dimensions' });
  });
  return `[${cutShort.values.join(',')}]`;
}
