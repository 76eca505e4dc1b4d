import { readManifest } from '../../src/operations/manifest/read-manifest.ts';
import { type Verification, verifyManifest } from '../../src/operations/manifest/verify.ts';
import type { Context } from '../context.ts';
import { refuseBeside } from '../exclusive.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { counted } from '../output/units.ts';
import type { OutputFlags } from './output-options.ts';
import { chosenRows, type RowFlags } from './row-options.ts';

/** Flags that say what is exported, and how. */
interface Flags extends OutputFlags, RowFlags {
  manifest?: true;
  resume?: true;
}

/** `pgv export --verify`: is the database as the manifest says? */
export async function verify(
  { io, options, output, database, reporter, signal }: Context<Flags>,
  manifest: string,
  table: string | undefined,
): Promise<ExitCode> {
  const beside = {
    '-o': options.output,
    '--format': options.format,
    '--query': options.query,
    ...chosenRows(options),
    '--split': options.split,
    '--compress': options.compress,
    '--manifest': options.manifest,
    '--resume': options.resume,
  };
  refuseBeside('--verify', beside, 'the manifest says which rows are compared');
  const found = await readManifest(manifest, io.cwd);
  const verification = await verifyManifest(
    await database(),
    found,
    table ?? options.table,
    reporter,
    signal,
  );
  if (output.json) await output.document(verification);
  else await output.write(render(verification));
  return verification.same ? exitCodes.done : exitCodes.no;
}

function render({ table, manifest, same, differences, rows, files }: Verification): string {
  if (same)
    return `${table} is as ${manifest} has it: ${counted(rows.manifest, 'row')}, and ${besideIt(files)}\n`;
  return `${table} is not as ${manifest} has it:\n${differences.map((line) => `  ${line}\n`).join('')}`;
}

/** A manifest may be compared without its files, but nobody is to think that they were checked. */
function besideIt(files: Verification['files']): string {
  const there = files.filter(({ status }) => status !== 'missing').length;
  if (there === 0) return 'none of its files beside it';
  return there === files.length
    ? `${counted(there, 'file')} beside it`
    : `${there} of ${files.length} files beside it`;
}
