import { UsageError } from '../../errors.ts';
import type { RecordedLoad } from '../ledger/ledger.ts';
import type { LoadPlan } from './plan-loads.ts';

/** What was stored of a file is not what is in it now, though its length and the blocks that were compared agree. */
export function changedFile({ sources }: LoadPlan, load: RecordedLoad): UsageError {
  const { name } = sources[0]!;
  return new UsageError(
    `${name} has changed since its load into ${load.tableName} began on ${load.startedAt}: a piece that was stored is another now`,
    {
      code: 'file-changed',
      file: name,
      hint: `${load.rows.toLocaleString('en')} rows of the old file are stored; --restart begins again, \`pgv loads forget ${load.loadId}\` leaves what is stored and forgets the rest`,
    },
  );
}
