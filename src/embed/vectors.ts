import { DatabaseError } from '../errors.ts';
import { base64Floats } from '../vector/base64.ts';
import type { Endpoint } from './endpoint.ts';

/**
 * The vectors of an answer, in the order of the texts: `data[].embedding`, a list of numbers or base64 of float32, at
 * the place that `data[].index` says.
 * @param count of the texts
 * @throws DatabaseError for anything else than so many vectors of one length, of finite numbers
 */
export function vectorsOf({ name }: Endpoint, body: string, count: number): Float32Array[] {
  const bad = (what: string) =>
    new DatabaseError(`${name} answers with ${what}`, {
      code: 'embed-answer',
      hint: "is it an endpoint of embeddings, as OpenAI's API has them?",
    });
  const data = dataIn(body);
  if (data === undefined) throw bad('something else than a document of embeddings');
  if (data.length !== count) throw bad(`${data.length} embeddings for ${count} texts`);
  const vectors: (Float32Array | undefined)[] = Array.from({ length: count }, () => undefined);
  for (const [i, item] of data.entries()) {
    const { index = i, embedding } = (item ?? {}) as { index?: unknown; embedding?: unknown };
    const place = index as number;
    if (!(place in vectors) || vectors[place] !== undefined) throw bad(`the index ${index} out of its order`);
    const vector = floatsOf(embedding);
    if (vector === undefined) throw bad('an embedding that is no list of finite numbers');
    vectors[place] = vector;
  }
  const [first] = vectors as Float32Array[];
  const other = (vectors as Float32Array[]).find(({ length }) => length !== first!.length);
  if (other !== undefined) throw bad(`embeddings of ${first!.length} and of ${other.length} dimensions`);
  return vectors as Float32Array[];
}

function dataIn(body: string): unknown[] | undefined {
  try {
    const { data } = JSON.parse(body) as { data?: unknown };
    return Array.isArray(data) ? data : undefined;
  } catch {
    return undefined;
  }
}

function floatsOf(embedding: unknown): Float32Array | undefined {
  const floats = typeof embedding === 'string' ? fromBase64(embedding) : fromList(embedding);
  return floats?.every(Number.isFinite) ? floats : undefined;
}

function fromList(list: unknown): Float32Array | undefined {
  if (!Array.isArray(list) || list.length === 0) return undefined;
  return list.every((value) => typeof value === 'number') ? Float32Array.from(list) : undefined;
}

function fromBase64(text: string): Float32Array | undefined {
  const bytes = Buffer.from(text);
  const floats = new Float32Array(bytes.length >> 2);
  const length = base64Floats(bytes, 0, bytes.length, floats, 0);
  return length < 0 ? undefined : floats.subarray(0, length);
}
