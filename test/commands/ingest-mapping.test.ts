import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { eachDatabase } from '../support/databases.ts';
import { scratch } from '../support/temporary.ts';
import { pgvOn } from './memory-io.ts';

eachDatabase((fixture) => {
  const pgv = pgvOn(fixture.kind);
  const file = path.join(scratch, `mapped-${Math.random().toString(36).slice(2)}.csv`);
  const ingest = (...flags: string[]) => pgv(['ingest', file, '-d', fixture.url, '--json', ...flags]);

  beforeAll(() =>
    writeFile(file, 'id,label,kind,dim_0,dim_1,dim_2\n1,a,x,3,4,1\n2,b,y,0,0,1\n3,c,,5,12,1\nx,broken\n'),
  );

  test('fields are gathered, put into one object, cut, set and limited by flags', async () => {
    const flags = [
      '--map',
      'dim_*=embedding',
      '--map',
      '*=metadata',
      '--set',
      'source=file',
      '--tenant',
      't1',
    ];
    const shaping = ['--type', 'halfvec', '--dimensions', '2', '--limit', '3', '--tenant-column', 'owner'];
    const { code, stdout, stderr } = await ingest('-t', 'mapped', ...flags, ...shaping);
    expect(stderr).toContain(
      'created table mapped (id bigint primary key, embedding halfvec(2), metadata jsonb, source text, owner text)',
    );
    expect(stderr).toContain('1 vector holds nothing but zeros');
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, rows: 3, files: [{ rows: 3 }] });
    const rows = await pgv([
      ...['sql', 'SELECT embedding::text AS e, metadata, source, owner FROM mapped ORDER BY id'],
      ...['-d', fixture.url, '--json'],
    ]);
    expect(JSON.parse(rows.stdout).rows).toEqual([
      { e: '[0.60009766,0.7998047]', metadata: { label: 'a', kind: 'x' }, source: 'file', owner: 't1' },
      { e: '[0,0]', metadata: { label: 'b', kind: 'y' }, source: 'file', owner: 't1' },
      { e: '[0.38452148,0.92285156]', metadata: { label: 'c' }, source: 'file', owner: 't1' },
    ]);
    // With other options it is another load, with the same ones it is done.
    const again = await ingest('-t', 'mapped', ...flags, ...shaping);
    expect(JSON.parse(again.stdout)).toMatchObject({ status: 'already-loaded', rows: 0 });
  });

  test('what fits no table is wrong usage', async () => {
    const wrong: [string[], string][] = [
      [['--type', 'float'], 'usage'],
      [['--dimensions', '0'], 'usage'],
      [['--map', 'nothing*=v'], 'no-field'],
      [['--normalize'], 'no-vector-column'],
    ];
    for (const [flags, code] of wrong) {
      const refused = await ingest('-t', 'none', ...flags);
      expect([refused.code, JSON.parse(refused.stdout).error.code]).toEqual([
        2,
        expect.stringContaining(code),
      ]);
    }
  });
});
