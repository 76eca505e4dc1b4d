import type { Database } from '../../database/database.ts';
import { defaultLanes } from '../lanes.ts';
import type { CopyOptions } from './options.ts';

/** How many lanes write, and how many read: to read a row takes less than half of what it takes to store it. */
export function lanesOf(
  from: Database,
  to: Database,
  { jobs = defaultLanes() }: CopyOptions,
): { reading: number; writing: number } {
  return { reading: Math.min(Math.ceil(jobs / 2), from.maxLanes), writing: Math.min(jobs, to.maxLanes) };
}
