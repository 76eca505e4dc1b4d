import {
  constant,
  count,
  dictionary,
  flag,
  list,
  matching,
  nullable,
  object,
  oneOf,
  type Shape,
  text,
} from '../../json-shape.ts';

import {
  digestAlgorithm,
  type Manifest,
  type ManifestColumn,
  type ManifestConstraint,
  type ManifestDigest,
  type ManifestFile,
  type ManifestIndex,
  type ManifestSelection,
  type ManifestTable,
  manifestVersion,
} from './manifest.ts';

const number = matching(/^-?\d{1,60}$/, 'a whole number as text');

const table = object<ManifestTable>({
  schema: nullable(text),
  name: text,
  kind: text,
  unlogged: flag,
  partitionedBy: nullable(text),
  rowSecurity: flag,
  comment: nullable(text),
  columns: list(
    object<ManifestColumn>({
      name: text,
      type: text,
      notNull: flag,
      default: nullable(text),
      generated: nullable(object({ kind: oneOf('stored', 'virtual'), expression: text })),
      numbered: nullable(
        object({ by: oneOf('identity always', 'identity', 'serial'), next: nullable(number) }),
      ),
      collation: nullable(text),
      comment: nullable(text),
    }),
  ),
  constraints: list(
    object<ManifestConstraint>({
      name: text,
      kind: oneOf('primary key', 'unique', 'exclude', 'check', 'foreign key'),
      definition: text,
      columns: list(text),
    }),
  ),
  indexes: list(
    object<ManifestIndex>({
      name: text,
      unique: flag,
      method: text,
      definition: text,
      columns: list(text),
      comment: nullable(text),
    }),
  ),
});

/** A manifest of this version, read from JSON. */
export const manifestShape: Shape<Manifest> = object<Manifest>({
  pgvManifest: constant(manifestVersion),
  table,
  columns: list(text),
  selection: object<ManifestSelection>({
    columns: nullable(list(text)),
    from: nullable(text),
    where: list(text),
    orderBy: nullable(text),
    limit: nullable(count),
  }),
  rows: count,
  bytes: count,
  files: list(
    object<ManifestFile>({
      path: text,
      format: text,
      rows: count,
      bytes: count,
      sha256: matching(/^[0-9a-f]{64}$/, 'a SHA-256 in 64 hex digits'),
      text: object({ header: nullable(flag), null: nullable(text), delimiter: nullable(text) }),
      beside: flag,
    }),
  ),
  digest: nullable(
    object<ManifestDigest>({
      algorithm: constant(digestAlgorithm),
      rows: number,
      columns: dictionary(number),
    }),
  ),
  snapshot: object({ id: nullable(text), wal: nullable(text), at: text }),
  versions: object({ pgv: text, postgresql: text, pgvector: nullable(text) }),
});
