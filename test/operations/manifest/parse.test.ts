import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DataError } from '../../../src/errors.ts';
import { parseVdfMeta } from '../../../src/formats/read/vdf/meta.ts';
import { completeManifest, manifestText } from '../../../src/operations/manifest/describe-export.ts';
import { digestAlgorithm, type Manifest } from '../../../src/operations/manifest/manifest.ts';
import { parseManifest } from '../../../src/operations/manifest/read-manifest.ts';

const file = {
  path: 'docs-00001.csv',
  format: 'csv',
  rows: 3,
  bytes: 44,
  sha256: '0'.repeat(64),
  text: { header: false, null: null, delimiter: ';' },
  beside: false,
};
const manifest = completeManifest(
  {
    pgvManifest: 1,
    table: {
      schema: 'public',
      name: 'docs',
      kind: 'table',
      unlogged: false,
      partitionedBy: null,
      rowSecurity: true,
      comment: null,
      columns: [
        {
          name: 'id',
          type: 'bigint',
          notNull: true,
          default: null,
          generated: null,
          numbered: { by: 'identity', next: '9223372036854775807' },
          collation: null,
          comment: 'the key',
        },
      ],
      constraints: [
        { name: 'docs_pkey', kind: 'primary key', definition: 'PRIMARY KEY (id)', columns: ['id'] },
      ],
      indexes: [
        {
          name: 'docs_id',
          unique: false,
          method: 'btree',
          definition: 'btree (id)',
          columns: ['id'],
          comment: null,
        },
      ],
    },
    columns: ['id'],
    selection: { columns: null, from: null, where: ['id > 1'], orderBy: null, limit: null },
    digest: { algorithm: digestAlgorithm, rows: '-12', columns: { id: '17' } },
    snapshot: { id: null, wal: '0/1557948', at: '2026-11-21T14:28:51.793Z' },
    versions: { pgv: '1.2.3', postgresql: '17.0', pgvector: '0.8.0' },
  },
  [file, file],
  6,
);
const vdf = {
  version: '0.1.247',
  id_column: null,
  indexes: {
    docs: [
      { namespace: '', data_path: 'docs', dimensions: -1, vector_columns: ['vector'], metric: 'Cosine' },
    ],
  },
};

test('what is written is read', () => {
  expect(manifest).toMatchObject({ rows: 6, bytes: 88 });
  expect(parseManifest(manifestText(manifest), 'm')).toEqual(manifest);
  expect(parseVdfMeta(JSON.stringify(vdf), 'm')).toEqual({
    idColumn: 'id',
    namespaces: [
      {
        index: 'docs',
        namespace: '',
        dataPath: 'docs',
        vectorColumns: ['vector'],
        dimensions: undefined,
        metric: 'Cosine',
      },
    ],
  });
});

/** Every place in a document: the keys on the way to it. */
function places(value: unknown, way: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [way];
  return [way, ...Object.entries(value).flatMap(([key, each]) => places(each, [...way, key]))];
}

/** The document with something else in one place. */
function withValue(document: unknown, [key, ...way]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  const changed = Array.isArray(document) ? [...document] : { ...(document as object) };
  Reflect.set(changed, key, withValue(Reflect.get(changed, key), way, value));
  return changed;
}

const readers: [string, unknown, (text: string) => unknown][] = [
  ['a manifest', manifest, (text) => parseManifest(text, 'm') as Manifest | undefined],
  ['VDF_META.json', vdf, (text) => parseVdfMeta(text, 'm')],
];

test.each(readers)('%s with anything anywhere is read or refused', (_, document, read) => {
  const mutation = fc.tuple(fc.constantFrom(...places(document)), fc.jsonValue({ maxDepth: 2 }));
  fc.assert(
    fc.property(mutation, fc.nat(60), ([way, value], cut) => {
      const text = JSON.stringify(withValue(document, way, value));
      for (const each of [text, text.slice(0, -cut)]) {
        try {
          read(each);
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
        }
      }
    }),
    { numRuns: 500 },
  );
});
