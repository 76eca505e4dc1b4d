/** A node of EXPLAIN (FORMAT JSON), as far as it is looked at. */
export interface PlanNode {
  'Node Type': string;
  'Index Name'?: string;
  'Relation Name'?: string;
  'CTE Name'?: string;
  /** Only a scan in the order of distances has it: the sort key of others is `Sort Key`. */
  'Order By'?: string;
  'Index Cond'?: string;
  'Actual Rows'?: number;
  'Actual Loops'?: number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  'Actual Total Time'?: number;
  Plans?: PlanNode[];
}

/** The first row of EXPLAIN (FORMAT JSON). */
export interface ExplainRow {
  'QUERY PLAN': [{ Plan: PlanNode; 'Planning Time'?: number; 'Execution Time'?: number }];
}

/** The node and all below it, each before those that it takes rows from. */
function* nodesOf(node: PlanNode): Generator<PlanNode> {
  yield node;
  for (const below of node.Plans ?? []) yield* nodesOf(below);
}

/** The index that gives rows in the order of their distance, if one does. */
export function servingIndex(plan: PlanNode): string | undefined {
  for (const node of nodesOf(plan)) if (node['Order By'] !== undefined) return node['Index Name'];
  return undefined;
}

/** The index that gives rows whose text matches, if one does: what filters compare is no tsquery. */
export function wordsIndex(plan: PlanNode): string | undefined {
  for (const node of nodesOf(plan)) {
    if (/@@.*tsquery/.test(node['Index Cond'] ?? '')) return node['Index Name'];
  }
  return undefined;
}

/** The rows of `nearest` (src/sql/search.ts) before they are ordered by their exact distance. */
export function rowsReranked(plan: PlanNode): number {
  for (const node of nodesOf(plan)) if (node['CTE Name'] !== undefined) return node['Actual Rows'] ?? 0;
  return 0;
}

/** Table rows that an analysed plan has looked at, those included that a filter then took out. */
export function rowsScanned(plan: PlanNode): number {
  let rows = 0;
  for (const node of nodesOf(plan)) {
    // A bitmap of an index and a CTE come without rows of a table.
    if (node['Relation Name'] === undefined) continue;
    const removed = (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0);
    rows += ((node['Actual Rows'] ?? 0) + removed) * (node['Actual Loops'] ?? 1);
  }
  return Math.round(rows);
}
