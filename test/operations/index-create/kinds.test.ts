import { beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { UsageError } from '../../../src/errors.ts';
import { createVectorIndex } from '../../../src/operations/index-create/index-create.ts';
import { silentReporter } from '../../../src/progress.ts';
import { metricNames, type VectorType } from '../../../src/vector/metrics.ts';
import type { Quantization } from '../../../src/vector/quantization.ts';
import { emptyDatabase } from '../../support/databases.ts';
import { noServer } from '../../support/servers.ts';

const held: Record<Quantization, Partial<Record<VectorType, VectorType>>> = {
  none: { vector: 'vector', halfvec: 'halfvec', sparsevec: 'sparsevec', bit: 'bit' },
  half: { vector: 'halfvec' },
  binary: { vector: 'bit', halfvec: 'bit' },
};
const types = Object.keys(held.none) as VectorType[];

/** As pgvector's documentation has it: signs are compared by hamming, and serve what is about directions. */
const ofSigns = ['cosine', 'l2', 'ip'];

// The same on both kinds, and a server answers faster.
describe.skipIf(noServer)('every kind of index on every type, for every metric', () => {
  let database: Database;
  let classes: Set<string>;
  beforeAll(async () => {
    database = await (await emptyDatabase('server')).open();
    await database.query('CREATE EXTENSION vector');
    const { rows } = await database.query<{ name: string }>(
      `SELECT am.amname || ' ' || opcname AS name FROM pg_opclass JOIN pg_am am ON am.oid = opcmethod`,
    );
    classes = new Set(rows.map(({ name }) => name));
    for (const type of types) {
      await database.query(`CREATE TABLE of_${type} (v ${type}(4))`);
      const value = type === 'bit' ? "'0110'" : type === 'sparsevec' ? "'{1:1,3:2}/4'" : "'[1,-2,3,4]'";
      await database.query(`INSERT INTO of_${type} SELECT ${value} FROM generate_series(1, 5)`);
    }
  });

  test.each(types.flatMap((type) => (['hnsw', 'ivfflat'] as const).map((kind) => [type, kind] as const)))(
    '%s, %s',
    async (type, kind) => {
      const outcomes: Record<string, boolean> = {};
      const expected: Record<string, boolean> = {};
      for (const metric of metricNames) {
        for (const quantize of ['none', 'half', 'binary'] as const) {
          const as = held[quantize][type];
          const ordered = quantize === 'binary' && ofSigns.includes(metric) ? 'hamming' : metric;
          const isSensible = quantize !== 'binary' || ofSigns.includes(metric);
          expected[`${metric} ${quantize}`] =
            as !== undefined && isSensible && classes.has(`${kind} ${as}_${ordered}_ops`);
          outcomes[`${metric} ${quantize}`] = await make({
            type: kind,
            metric,
            quantize,
            table: `of_${type}`,
          });
        }
      }
      expect(outcomes).toEqual(expected);
    },
  );

  /** True: made, and as it is named; false: refused with a hint. */
  async function make(options: Parameters<typeof createVectorIndex>[1]): Promise<boolean> {
    const lists = options.type === 'ivfflat' ? { lists: 1 } : {};
    try {
      const made = await createVectorIndex(
        database,
        { ...options, ...lists, concurrently: false },
        silentReporter,
      );
      if (made.status === 'present') return true;
      const { rows } = await database.query<{ definition: string; valid: boolean }>({
        text: 'SELECT pg_get_indexdef(indexrelid) AS definition, indisvalid AS valid FROM pg_index WHERE indexrelid = $1::text::regclass',
        values: [made.index],
      });
      expect(rows[0]!.valid).toBe(true);
      const form = { none: '(v', half: '::halfvec(4)', binary: '(binary_quantize(v))::bit(4)' };
      expect(rows[0]!.definition).toContain(`USING ${options.type} (`);
      expect(rows[0]!.definition).toContain(form[options.quantize!]);
      return true;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      expect(error.hint).not.toBe('');
      return false;
    }
  }

  test('an index by signs serves three metrics, and is made once', async () => {
    await database.query('CREATE TABLE signs (embedding vector(3072))');
    const options = { type: 'hnsw', table: 'signs', quantize: 'binary' } as const;
    const made = await createVectorIndex(database, options, silentReporter);
    expect(made).toMatchObject({ index: 'signs_embedding_hnsw_cosine_binary', quantization: 'binary' });
    const again = await createVectorIndex(database, { ...options, metric: 'l2' }, silentReporter);
    expect(again).toMatchObject({ status: 'present', index: 'signs_embedding_hnsw_cosine_binary' });
    const half = await createVectorIndex(database, { ...options, quantize: 'half' }, silentReporter);
    expect(half).toMatchObject({ status: 'created', index: 'signs_embedding_hnsw_cosine_half' });
  });
});
