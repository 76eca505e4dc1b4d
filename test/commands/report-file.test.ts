import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { reportFile, writeReport } from '../../commands/index/report-file.ts';
import { emptyDatabase } from '../support/databases.ts';
import { noServer } from '../support/servers.ts';
import { temporaryDirectory, temporaryFile } from '../support/temporary.ts';
import { tuneResult } from '../support/tune-results.ts';

test.skipIf(noServer)('writes the page, with the versions of all who measured', async () => {
  const fixture = await emptyDatabase('server');
  const database = await fixture.open();
  await database.query('CREATE EXTENSION vector');
  const there = await temporaryFile('tune.html', 'an older one');
  await writeReport(await reportFile('tune.html', path.dirname(there)), tuneResult(), database);
  const page = await readFile(there, 'utf8');
  expect(page).toMatch(/^<!doctype html>/);
  expect(page).toMatch(/pgv \d+\.\d+\.\d+, PostgreSQL 1\d\.\d+, pgvector 0\.\d+\.\d+, 20\d\d-/);
});

describe('before anything is measured', () => {
  test('a name that promises no page is refused', async () => {
    await expect(reportFile('data.csv', '/tmp')).rejects.toMatchObject({
      message: '--report data.csv is no name for a page of HTML',
      hint: 'end it in .html',
    });
  });

  test('a directory that is not there, and one in the place of the file, are told', async () => {
    const directory = await temporaryDirectory();
    await mkdir(path.join(directory, 'a.html'));
    await expect(reportFile('a.html', directory)).rejects.toThrow('a.html is a directory');
    await expect(reportFile('none/b.html', directory)).rejects.toThrow('directory none does not exist');
    await expect(reportFile('c.html', directory)).resolves.toMatchObject({ path: 'c.html' });
  });
});
