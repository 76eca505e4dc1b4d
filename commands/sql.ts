import type { Command } from 'commander';
import { PgvError, UsageError } from '../src/errors.ts';
import { action } from './action.ts';
import type { Context } from './context.ts';
import { readText } from './io.ts';
import { addConnectionOptions, addExamples } from './options.ts';
import { csvRecord } from './output/csv.ts';
import { counted } from './output/units.ts';

interface SqlOptions {
  csv?: true;
}

export function configure(command: Command): Command {
  addConnectionOptions(command)
    .argument('<statement>', 'one SQL statement; - reads it from stdin')
    .option('--csv', 'the result as CSV with a header')
    .action(action<SqlOptions, [string]>({ writes: true }, runStatement));
  return addExamples(command, [
    'pgv sql "SELECT count(*) FROM docs"',
    'pgv sql --csv "SELECT id, title FROM docs ORDER BY id LIMIT 100" > titles.csv',
    'pgv sql - < report.sql',
  ]);
}

async function runStatement({ options, io, output, database }: Context<SqlOptions>, statement: string) {
  if (options.csv && output.json) throw new UsageError('--csv and --json exclude each other');
  const sql = statement === '-' ? await readText(io.stdin) : statement;
  if (sql.trim() === '') throw new UsageError('the statement is empty');
  if (/^\s*copy\b.*\b(?:stdin|stdout)\b/is.test(sql)) {
    throw new UsageError('COPY from and to the client is what ingest and export do', {
      hint: 'pgv ingest <file> -t <table>, or pgv export --query <sql>',
    });
  }

  const opened = await database();
  // Behind a pooler the time for a statement is limited within a transaction alone.
  const limited = opened.isPooled && opened.limits.statement > 0;
  const result = limited
    ? opened.transaction((session) => session.query(sql)).catch(explainWrapped)
    : opened.query(sql);
  const { rows, columns: names, rowCount } = await result;
  const values = rows.map((row) => names.map((name) => row[name]));

  if (output.json) return output.document({ database: opened.target.description, rowCount, rows });
  if (options.csv) return output.write([names, ...values].map(csvRecord).join(''));
  if (names.length > 0)
    await output.table(
      names.map((name) => ({ name })),
      values,
    );
  return output.write(`(${counted(rowCount, 'row')})\n`);
}

/** 25001: what cannot be part of a transaction, as VACUUM, of which the user has not asked for one. */
function explainWrapped(error: unknown): never {
  throw error instanceof PgvError && error.sqlstate === '25001'
    ? error.withHint(
        'leave --statement-timeout out, which takes a transaction behind a pooler, or go past the pooler with -d',
      )
    : error;
}
