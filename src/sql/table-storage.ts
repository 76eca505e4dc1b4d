import type { Statement } from '../database/database.ts';

/**
 * What changes when a table is truncated or rewritten: the files that it and its partitions lie in, as SQL.
 * @param tableOid a number, or the SQL of one
 */
export function filenodeOf(tableOid: number | string): string {
  return `coalesce((SELECT pg_catalog.string_agg(pg_catalog.pg_relation_filenode(relid)::text, ',' ORDER BY relid)
 FROM pg_catalog.pg_partition_tree(${tableOid}::oid::regclass) WHERE isleaf), pg_catalog.pg_relation_filenode(${tableOid}::oid::regclass)::text)`;
}

/** Gives one row: filenode, and the table's bytes. */
export function tableStorage(tableOid: number): Statement {
  return {
    text: `SELECT ${filenodeOf('$1')} AS filenode,
  coalesce((SELECT sum(pg_catalog.pg_relation_size(relid)) FROM pg_catalog.pg_partition_tree($1::oid::regclass)),
    pg_catalog.pg_relation_size($1::oid::regclass))::int8 AS bytes`,
    values: [tableOid],
  };
}
