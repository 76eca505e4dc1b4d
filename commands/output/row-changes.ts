import { count, counted } from './units.ts';

interface RowChanges {
  updated: number;
  unchanged: number;
  skipped: number;
  deleted?: number;
  rejected?: number;
}

/** What became of rows that are not simply stored, as far as there are such: `12 rows skipped`. */
export function rowChanges({ updated, unchanged, deleted = 0, skipped, rejected = 0 }: RowChanges): string[] {
  return [
    ...(updated > 0 ? [`${counted(updated, 'row')} updated`] : []),
    ...(unchanged > 0 ? [`${count(unchanged)} unchanged`] : []),
    ...(deleted > 0 ? [`${counted(deleted, 'row')} deleted`] : []),
    ...(skipped > 0 ? [`${counted(skipped, 'row')} skipped`] : []),
    ...(rejected > 0 ? [`${counted(rejected, 'row')} rejected`] : []),
  ];
}
