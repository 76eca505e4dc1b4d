import type { Session } from '../../database/database.ts';
import { UsageError } from '../../errors.ts';
import type { WriteFormat, WritePlan } from '../../formats/write/format.ts';
import { copyQueryOut, selectRows } from '../../sql/export.ts';
import { expressionOf, type TakenColumn } from './columns.ts';
import type { ExportOptions } from './export.ts';
import type { RangeWork } from './lane-messages.ts';
import { countRanges, measure } from './measure.ts';
import { planRanges, type Range } from './ranges.ts';
import { planResume, type Resume } from './resume/resume.ts';
import type { Source } from './source.ts';

/** All that is known before the first row is read. */
export interface Prepared {
  work: RangeWork[];
  plan: WritePlan;
  /** Undefined: an interruption leaves nothing to go on with. */
  resume: Resume | undefined;
}

/**
 * Plans an export. Within the moment that is exported.
 * @param database as it is named to people
 */
export async function prepare(
  session: Session,
  database: string,
  source: Source,
  taken: readonly TakenColumn[],
  options: ExportOptions,
): Promise<Prepared> {
  const { format, text, compression, split, reporter } = options;
  const columns = taken.map(({ written }) => written);
  const resume = options.resume
    ? await planResume(session, { database, source, columns, ...options })
    : undefined;
  const ranges = resume?.ranges ?? (await planRanges(session, source, reporter));
  const measures = format.measures?.(columns);
  if (measures !== undefined && split !== undefined && 'bytes' in split) throw sizeOfMeasured(format);
  const measured = measures && (await measure(session, source, taken, measures));
  const counted =
    split !== undefined && 'rows' in split && ranges.length > 1
      ? await countRanges(session, ranges)
      : undefined;
  const within = format.compression === 'around' ? undefined : compression;
  return {
    work: rangeWork(ranges, taken, counted),
    plan: { columns, text, compression: within, measured },
    resume,
  };
}

function rangeWork(
  ranges: readonly Range[],
  taken: readonly TakenColumn[],
  counts: readonly number[] | undefined,
): RangeWork[] {
  const expressions = taken.map(expressionOf);
  let firstRow = 0;
  return ranges.map((range, sequence) => {
    const work = {
      sequence,
      copy: copyQueryOut(selectRows(expressions, range)),
      firstRow,
      repeatable: range.repeatable,
    };
    firstRow += counts?.[sequence] ?? 0;
    return work;
  });
}

function sizeOfMeasured({ name }: WriteFormat): UsageError {
  return new UsageError(`--split takes a number of rows with --format ${name}, no size`, {
    hint: 'for example --split 1000000',
  });
}
