import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { emptyDatabase, type Fixture } from '../support/databases.ts';
import { noOwnServer, noServer, ownServer, psqlOn } from '../support/servers.ts';
import { temporaryDirectory } from '../support/temporary.ts';

// What can happen to an export: it is killed, the server goes, the disk is full.

const program = fileURLToPath(new URL('../../dist/pgv.js', import.meta.url));
/** Five seconds in all, in one lane. */
const slowly = ['--where', 'id % 100 <> 0 OR pg_sleep(0.02) IS NOT NULL'];
const makeDocs = `CREATE TABLE docs (id int PRIMARY KEY, body text); ALTER TABLE docs ALTER body SET STORAGE plain;
  INSERT INTO docs SELECT i, repeat(md5(i::text), 100) FROM generate_series(1, 24000) i; ANALYZE docs`;
const canMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;

/** Runs the program, and tells when parts of its file are there. */
function start(url: string, args: readonly string[], cwd: string) {
  const child = spawn(process.execPath, [program, 'export', 'docs', ...args], {
    cwd,
    env: { PATH: process.env.PATH, PGV_URL: url },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, stderr }));
  const begun = async () => {
    while (!readdirSync(cwd).some((name) => name.endsWith('.part'))) await sleep(20);
    await sleep(300); // lanes are at work by now
  };
  return { child, ended, begun };
}

describe.skipIf(noServer !== null)('an export', () => {
  let fixture: Fixture;
  const name = () => new URL(fixture.url).pathname.slice(1);

  beforeAll(async () => {
    fixture = await emptyDatabase('server');
    const database = await fixture.open();
    await database.query(makeDocs);
    await database.close();
  });

  async function expectNobody(): Promise<void> {
    const running = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`;
    for (let i = 0; i < 100 && (await psqlOn(name(), ['-Atc', running])).trim() !== '0'; i++)
      await sleep(100);
    expect((await psqlOn(name(), ['-Atc', running])).trim()).toBe('0');
  }

  test.each(['SIGTERM', 'SIGINT'] as const)('ended by %s leaves nothing', async (signal) => {
    const cwd = await temporaryDirectory();
    const { child, ended, begun } = start(fixture.url, ['-o', 'docs.csv', ...slowly], cwd);
    await begun();
    child.kill(signal);
    expect(await ended).toMatchObject({ code: signal === 'SIGINT' ? 130 : 143 });
    expect(readdirSync(cwd)).toEqual([]);
    await expectNobody();
  });

  test('killed leaves no file that looks whole, and the next one clears it away', async () => {
    const cwd = await temporaryDirectory();
    const { child, ended, begun } = start(fixture.url, ['-o', 'docs.csv', ...slowly], cwd);
    await begun();
    child.kill('SIGKILL');
    expect(await ended).toMatchObject({ signal: 'SIGKILL' });
    for (const left of readdirSync(cwd)) expect(left).toMatch(/^\.docs\.csv\.\d+-[0-9a-f]{8}\.part$/);
    await expectNobody();
    expect(await start(fixture.url, ['-o', 'docs.csv'], cwd).ended).toMatchObject({ code: 0 });
    expect(readdirSync(cwd)).toEqual(['docs.csv']);
  });

  test('killed with --resume goes on', async () => {
    const cwd = await temporaryDirectory();
    const args = ['-o', 'docs.csv', '--resume', ...slowly];
    const first = start(fixture.url, args, cwd);
    for (let i = 0; i < 600 && !readdirSync(cwd).some((file) => file.endsWith('.json')); i++) await sleep(50);
    first.child.kill('SIGKILL');
    await first.ended;
    expect(readdirSync(cwd).sort()).toEqual(['.docs.csv.kept.part', '.docs.csv.resume.json']);
    const { code, stderr } = await start(fixture.url, args, cwd).ended;
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/goes on behind [\d,]+ rows/),
    });
    const ids = readFileSync(join(cwd, 'docs.csv'), 'utf8')
      .split('\n')
      .slice(1, -1)
      .map((line) => Number(line.slice(0, line.indexOf(','))));
    expect(ids).toEqual(Array.from({ length: 24_000 }, (_, i) => i + 1));
    const refused = await start(fixture.url, args, cwd).ended;
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('docs.csv exists already') });
    expect(refused.stderr).not.toContain('the same command goes on');
  });

  test.skipIf(!canMount)('onto a disk that is too small says so, and leaves nothing', async () => {
    const cwd = await temporaryDirectory();
    const run =
      'mount -t tmpfs -o size=4m none "$1" && cd "$1" && "$2" "$3" export docs -o docs.csv; echo "code $?"; ls -A "$1"';
    const { stdout, stderr } = spawnSync(
      'unshare',
      ['-m', 'sh', '-c', run, 'sh', cwd, process.execPath, program],
      {
        env: { PATH: process.env.PATH, PGV_URL: fixture.url },
        encoding: 'utf8',
      },
    );
    expect(stdout).toBe('code 4\n');
    expect(stderr).toMatch(/docs\.csv cannot be written: no space left on the device\nhint: free some space/);
    await expectNobody();
  });
});

test.skipIf(noOwnServer !== null)('a server that goes away ends it, without a file', async () => {
  const server = await ownServer({});
  const seed = spawnSync(server.psql.command[0]!, [...server.psql.command.slice(1), '-qc', makeDocs], {
    env: { ...process.env, ...server.psql.environment },
    encoding: 'utf8',
  });
  expect(seed.stderr).toBe('');
  const cwd = await temporaryDirectory();
  const { ended, begun, child } = start(server.url, ['-o', 'docs.csv', ...slowly], cwd);
  await begun();
  await server.stop();
  const timer = setTimeout(() => child.kill('SIGINT'), 3000);
  const { code, stderr } = await ended;
  clearTimeout(timer);
  // It is tried again for minutes, as the server may come back: here nobody waits for that.
  expect([4, 130]).toContain(code);
  expect(stderr).toMatch(/trying again|refuses connections|lost|terminat/);
  expect(readdirSync(cwd)).toEqual([]);
});
