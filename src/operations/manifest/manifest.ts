/** The version of manifests that is written, and the newest that is read. */
export const manifestVersion = 1;

/**
 * What an export tells of itself, in a file beside its data: enough to make the table again, to know whether the files
 * are whole, and to compare a database with them.
 *
 * Names of pgvector's types and operators stand bare, as the extension lives elsewhere in each database.
 */
export interface Manifest {
  pgvManifest: typeof manifestVersion;
  table: ManifestTable;
  /** The files' columns, in their order. */
  columns: string[];
  /** Which rows and columns were asked for. */
  selection: ManifestSelection;
  rows: number;
  /** Of all files. */
  bytes: number;
  files: ManifestFile[];
  /** Null where the same rows cannot be asked for again: so many of them in no order. */
  digest: ManifestDigest | null;
  snapshot: { id: string | null; wal: string | null; at: string };
  versions: { pgv: string; postgresql: string; pgvector: string | null };
}

/** A table as far as it can be made again by itself; of what a query gives, the columns alone. */
export interface ManifestTable {
  /** Null for a query. */
  schema: string | null;
  name: string;
  kind: string;
  unlogged: boolean;
  /** How it is cut, `RANGE (day)`; it is made again as one table. Null: it is not. */
  partitionedBy: string | null;
  /** Whether row security is on; its policies are not told. */
  rowSecurity: boolean;
  comment: string | null;
  columns: ManifestColumn[];
  constraints: ManifestConstraint[];
  indexes: ManifestIndex[];
}

export interface ManifestColumn {
  name: string;
  /** As SQL writes it: `vector(768)`. */
  type: string;
  notNull: boolean;
  /** As SQL writes it. */
  default: string | null;
  generated: { kind: 'stored' | 'virtual'; expression: string } | null;
  /** By what a number comes where a row brings none; `next`: which one, null where that may not be known. */
  numbered: { by: 'identity always' | 'identity' | 'serial'; next: string | null } | null;
  /** Null: its type's own. */
  collation: string | null;
  comment: string | null;
}

export interface ManifestConstraint {
  name: string;
  kind: 'primary key' | 'unique' | 'exclude' | 'check' | 'foreign key';
  /** As SQL writes it. */
  definition: string;
  columns: string[];
}

export interface ManifestIndex {
  name: string;
  unique: boolean;
  /** `hnsw`, `btree`, … */
  method: string;
  /** What stands behind USING in its CREATE INDEX. */
  definition: string;
  /** All that it needs: for keys, expressions and its condition. */
  columns: string[];
  comment: string | null;
}

/** Which rows, as the user's own SQL for the most part. */
export interface ManifestSelection {
  /** Those that were chosen; null: all that can be loaded again. */
  columns: string[] | null;
  /** A query, as FROM takes it; null: the table. */
  from: string | null;
  /** Conditions that all hold. */
  where: string[];
  orderBy: string | null;
  limit: number | null;
}

export interface ManifestFile {
  /** From the manifest's folder, parts divided by /. */
  path: string;
  format: string;
  rows: number;
  bytes: number;
  sha256: string;
  /** How a text is written, as far as that was chosen; null: as the format has it. */
  text: { header: boolean | null; null: string | null; delimiter: string | null };
  /** It holds other columns of the same rows, beside the file before it. */
  beside: boolean;
}

/** Digests of rows, whatever their order (src/sql/manifest.ts), as decimal numbers. */
export interface ManifestDigest {
  algorithm: typeof digestAlgorithm;
  rows: string;
  /** By column. */
  columns: Record<string, string>;
}

export const digestAlgorithm = 'md5-sum-1';
