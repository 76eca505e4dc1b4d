import type { BatchExplanation } from '../../src/operations/search/batch.ts';
import type { Explanation } from '../../src/operations/search/explain.ts';
import type { PlanNode } from '../../src/operations/search/plan.ts';
import { counted } from '../output/units.ts';

const roads: Record<Explanation['road'], string> = {
  index: 'one scan of the index',
  iterative: 'scans of the index until enough rows passed',
  wider: 'a scan of the index with ef_search 1000',
  exact: 'every row compared, no index',
};

/** How a batch was answered, for people; no line where it was not asked. */
export function batchExplanationLines(explanation: BatchExplanation | undefined): string[] {
  if (explanation === undefined) return [];
  const { planned, wider, exact, milliseconds, first } = explanation;
  const again = [
    ...(wider > 0 ? [`${counted(wider, 'query', 'queries')} by ${roads.wider}`] : []),
    ...(exact > 0 ? [`${counted(exact, 'query', 'queries')} with ${roads.exact}`] : []),
  ];
  return [
    [`${counted(planned, 'query', 'queries')} as planned`, ...again, `in ${milliseconds.toFixed(0)} ms`].join(
      ', ',
    ),
    ...(first === null ? [] : ['of the first:', ...explanationLines(first)]),
  ];
}

/** How a search was answered, for people; no line where it was not asked. */
export function explanationLines(explanation: Explanation | undefined): string[] {
  if (explanation === undefined) return [];
  const { road, index, reranked, rowsScanned, milliseconds, plan } = explanation;
  const served = index === null ? '' : ` ${index}`;
  return [
    `road: ${roads[road]}${served}`,
    ...(reranked === null ? [] : [`reranked: ${counted(reranked, 'candidate')} by exact distance`]),
    `rows scanned: ${rowsScanned}, in ${milliseconds.toFixed(1)} ms`,
    ...planLines(plan, 0),
  ];
}

function planLines(node: PlanNode, depth: number): string[] {
  const { 'Index Name': index, 'Relation Name': table } = node;
  const where = `${index === undefined ? '' : ` using ${index}`}${table === undefined ? '' : ` on ${table}`}`;
  const facts = [`${node['Actual Rows'] ?? 0} rows`];
  const removed = node['Rows Removed by Filter'] ?? 0;
  if (removed > 0) facts.push(`${removed} filtered out`);
  const line = `${'  '.repeat(depth)}${node['Node Type']}${where}: ${facts.join(', ')}`;
  return [line, ...(node.Plans ?? []).flatMap((below) => planLines(below, depth + 1))];
}
