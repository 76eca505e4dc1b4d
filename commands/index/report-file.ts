import { constants } from 'node:fs';
import { access, writeFile } from 'node:fs/promises';
import path from 'node:path';
import program from '../../package.json' with { type: 'json' };
import type { Database } from '../../src/database/database.ts';
import { UsageError } from '../../src/errors.ts';
import type { TuneResult } from '../../src/operations/index-tune/result.ts';
import { serverVersions } from '../../src/operations/versions.ts';
import { statOrNone, type WrittenFile, writing } from '../../src/operations/written-file.ts';
import { renderReport } from './report/report.ts';

/** Where a report goes. */
export interface ReportFile extends WrittenFile {
  location: string;
}

/**
 * The file of --report, which is known to be writable before anything is measured. A report that is there already is
 * replaced, so nothing but a page of HTML is taken for one.
 * @throws UsageError, DatabaseError where it cannot be written
 */
export async function reportFile(typed: string, cwd: string): Promise<ReportFile> {
  if (!/\.html?$/i.test(typed)) {
    throw new UsageError(`--report ${typed} is no name for a page of HTML`, { hint: 'end it in .html' });
  }
  const location = path.resolve(cwd, typed);
  const file: ReportFile = { path: typed, flag: '--report', whenFull: 'the report is lost', location };
  await writing(file, async () => {
    const present = await statOrNone(location);
    if (present?.isDirectory())
      throw new UsageError(`${typed} is a directory`, { hint: 'name a file in it' });
    await access(present ? location : path.dirname(location), constants.W_OK);
  });
  return file;
}

/** Writes the page. @throws DatabaseError where the disk is full, or something else is in the way */
export async function writeReport(file: ReportFile, result: TuneResult, database: Database): Promise<void> {
  const facts = { version: program.version, server: await serverVersions(database), date: new Date() };
  await writing(file, () => writeFile(file.location, renderReport(result, facts)));
}
