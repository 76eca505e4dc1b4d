import { embedOne } from '../../../embed/embed-one.ts';
import type { Endpoint } from '../../../embed/endpoint.ts';
import { anyText } from '../../../embed/requester.ts';
import type { Reporter } from '../../../progress.ts';
import { tryingAgain } from '../../lasting-connection.ts';

/** Which texts become vectors, and who makes them. */
export interface Embedding {
  /** [source, column]; a source is a field, taken or not, or a path into a field of JSON. */
  columns: readonly (readonly [source: string, column: string])[];
  endpoint: Endpoint;
  /** Of its vectors, which it is asked for once, before anything is loaded. */
  dimensions: () => Promise<number>;
}

/** Bytes of a piece whose texts are embedded: what is lost when it is interrupted has to be paid for again. */
export const embeddedPieceLength = 2 ** 18;

export function embeddingOf(
  columns: Embedding['columns'],
  endpoint: Endpoint,
  reporter: Reporter,
  signal: AbortSignal,
): Embedding {
  let dimensions: Promise<number> | undefined;
  const onRetry = (message: string, pause: number) => reporter.warn(tryingAgain(message, pause));
  return {
    columns,
    endpoint,
    dimensions: () => {
      dimensions ??= embedOne(endpoint, anyText, { signal, onRetry }).then(({ length }) => length);
      return dimensions;
    },
  };
}
