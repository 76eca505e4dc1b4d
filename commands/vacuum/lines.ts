import type { Condition } from '../../src/operations/vacuum/condition.ts';
import type { PlannedVacuum } from '../../src/operations/vacuum/plan.ts';
import type { VacuumedTable } from '../../src/operations/vacuum/vacuum.ts';
import { bytes, count, counted, duration } from '../output/units.ts';

/** What --dry-run shows of a table. */
export function plannedLines(
  { name, before, due, advice, needed }: PlannedVacuum,
  reindex: boolean,
): string[] {
  if (before === undefined) return [`would skip ${name}: it is locked`];
  const why = due === null ? '' : `: ${due.reason}`;
  if (!needed) return [`would leave ${name} as it is${why}`];
  return [
    ...advice
      .filter(() => reindex)
      .map(({ index, rebuild, drop, reason }) => {
        if (drop) return `would drop ${index.shown} first: ${reason}`;
        return rebuild
          ? `would build ${index.shown} anew first: ${reason}`
          : `would leave index ${index.shown} as it is: ${reason}`;
      }),
    `would vacuum ${name} (${conditionText(before.condition)})${why}`,
  ];
}

/** What was done with a table. */
export function vacuumedLine({ table, status, seconds, due, before, after }: VacuumedTable): string {
  if (status === 'not-needed') return `${table} needs no vacuum: ${due?.reason}`;
  if (before === null || after === null) return `skipped ${table}: it is locked`;
  const dead =
    before.deadRows === null || after.deadRows === null
      ? ''
      : `${counted(before.deadRows, 'dead row')} → ${count(after.deadRows)}, `;
  const parts = [
    ['table', before.tableBytes, after.tableBytes],
    ['indexes', before.indexBytes, after.indexBytes],
    ['out of line', before.toastBytes, after.toastBytes],
  ] as const;
  const changed = parts
    .filter(([, was, is]) => was !== is)
    .map(([what, was, is]) => `${what} ${bytes(was)} → ${bytes(is)}`);
  const detail = changed.length === 0 ? '' : ` (${changed.join(', ')})`;
  return `vacuumed ${table} in ${duration(seconds)}: ${dead}${bytes(before.bytes)} → ${bytes(after.bytes)}${detail}`;
}

function conditionText({ deadRows, bytes: all }: Condition): string {
  return deadRows === null ? bytes(all) : `${counted(deadRows, 'dead row')}, ${bytes(all)}`;
}
