import { UsageError } from '../errors.ts';
import { Embedder, type EmbedderOptions } from './embedder.ts';
import type { Endpoint } from './endpoint.ts';

/** Milliseconds that somebody who waits for an answer waits for one. */
const patience = 30_000;

/**
 * One text's vector.
 * @throws UsageError, DatabaseError where there is none
 */
export async function embedOne(
  endpoint: Endpoint,
  text: string,
  options: EmbedderOptions,
): Promise<Float32Array> {
  const embedder = new Embedder(endpoint, { patience, ...options });
  const [vector] = await embedder.embed([text], (_, reason) => {
    throw new UsageError(`${endpoint.name} does not embed the text: the endpoint answers ${reason}`, {
      code: 'text-refused',
      ...(endpoint.model === undefined && {
        hint: 'does it want a model? --embed-model or PGV_EMBED_MODEL names it',
      }),
    });
  });
  return vector!;
}
