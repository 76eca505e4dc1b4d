import type { Database } from '../../database/database.ts';
import { DatabaseError } from '../../errors.ts';
import { quoteName } from '../../sql/identifiers.ts';
import { readThrough } from '../../sql/prewarm.ts';
import { searchSettings, setLocal } from '../../sql/search.ts';
import { operatorOf } from '../../vector/metrics.ts';
import { requireVectorExtension } from '../extension.ts';
import type { CatalogueIndex } from './catalogue.ts';

/** Bytes of memory that a walk through a graph may take; beyond it, hnsw ends the scan. */
const mostMemory = 512 * 1024 ** 2;

/** What has no other name: every candidate, and every list. */
const everything = {
  'hnsw.ef_search': '1000',
  'hnsw.iterative_scan': 'relaxed_order',
  'hnsw.max_scan_tuples': '2147483647',
  'ivfflat.probes': '32768',
};

/**
 * Reads an index by searching it to its end: of ivfflat all lists, of hnsw the graph as far as it hangs together. The
 * rows' own pages are read along the way.
 * @returns how many rows it gave
 * @throws DatabaseError where pgvector cannot (hnsw before 0.8), or the planner takes another way
 */
export async function readIndexThrough(database: Database, index: CatalogueIndex): Promise<number> {
  const { schema, version } = await requireVectorExtension(database);
  return database.transaction(async (session) => {
    await session.query('SET TRANSACTION READ ONLY');
    const { rows } = await session.query<{ iterativeScan: boolean }>(searchSettings(schema));
    if (index.type === 'hnsw' && !rows[0]!.iterativeScan) {
      throw cannot(index, `pgvector ${version} ends a search by hnsw early`);
    }
    await session.query(setLocal(rows[0]!.iterativeScan ? everything : { 'ivfflat.probes': '32768' }));
    await session.query(
      setLocal({
        work_mem: `${mostMemory / 1024}kB`,
        enable_seqscan: 'off',
        enable_sort: 'off',
        enable_bitmapscan: 'off',
        max_parallel_workers_per_gather: '0',
        jit: 'off',
      }),
    );
    const statement = readThrough({
      schema: index.schema,
      table: index.table,
      indexed: index.expression === null ? quoteName(index.column!) : `(${index.expression})`,
      operator: `OPERATOR(${quoteName(schema)}.${operatorOf(index.metric!)})`,
      predicate: index.predicate,
    });
    const explained = await session.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(statement);
    const scan = scanBy(explained.rows[0]!['QUERY PLAN'][0].Plan, index.name);
    if (scan === undefined) throw cannot(index, 'the planner prefers another index to it');
    return scan['Actual Rows'];
  });
}

interface PlanNode {
  'Index Name'?: string;
  'Actual Rows': number;
  Plans?: PlanNode[];
}

/** The node that scans the index, which stands above those that begin the walk. */
function scanBy(node: PlanNode, index: string): PlanNode | undefined {
  if (node['Index Name'] === index) return node;
  return node.Plans?.map((each) => scanBy(each, index)).find((found) => found !== undefined);
}

function cannot({ shown }: CatalogueIndex, why: string): DatabaseError {
  return new DatabaseError(`${shown} cannot be read through by a search: ${why}`, {
    code: 'no-pg_prewarm',
    hint: '`CREATE EXTENSION pg_prewarm`, which a superuser may, reads any index',
  });
}
