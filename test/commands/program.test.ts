import { Writable } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { commands } from '../../commands/commands.ts';
import { run } from '../../commands/program.ts';
import manifest from '../../package.json' with { type: 'json' };
import { memoryIo, runInMemory } from './memory-io.ts';

test('--version prints the version alone', async () => {
  expect(await runInMemory(['--version'])).toEqual({ code: 0, out: `${manifest.version}\n`, err: '' });
});

test.each([[[]], [['--help']], [['help']]])('pgv %j shows every command on stdout', async (argv) => {
  const { code, out, err } = await runInMemory(argv);
  expect([code, err]).toEqual([0, '']);
  for (const { name, summary } of commands) {
    expect(out).toContain(`  ${name} `);
    expect(out.replace(/\s+/g, ' ')).toContain(summary);
  }
});

test('help of a command has its flags, the shared ones by group, and examples at the end', async () => {
  const { code, out } = await runInMemory(['help', 'sql']);
  expect(code).toBe(0);
  expect(out).toMatch(/^Usage: pgv sql \[options\] <statement>/);
  expect(out).toContain('-d, --url, --dbname <url>');
  expect(out).not.toMatch(/^ +--dbname/m);
  expect(out).toMatch(/Which database:[\s\S]*Output:[\s\S]*--json[\s\S]*Examples:\n {2}pgv sql/);
  expect((await runInMemory(['sql', '--help'])).out).toBe(out);
});

test('help is bold where colours are, and plain where not', async () => {
  expect((await runInMemory(['--help'])).out).not.toContain('\u001b[');
  expect((await runInMemory(['--help'], { terminal: 80 })).out).toContain('\u001b[1mUsage:');
  expect((await runInMemory(['--help'], { terminal: 80, env: { NO_COLOR: '1' } })).out).not.toContain(
    '\u001b[',
  );
});

test.each([
  [['--json', 'vacuum'], '--json stands before the command', 'pgv vacuum'],
  [['--url=x', 'sql', 'SELECT 1'], '--url stands before the command', 'pgv sql'],
  [['sqll'], "unknown command 'sqll'", 'Did you mean sql?'],
  [['sql', '--jsn', 'x'], "unknown option '--jsn'", 'Did you mean --json?'],
  [['sql'], "missing required argument 'statement'", 'pgv help <command>'],
  [['sql', 'a', 'b'], 'too many arguments', 'pgv help <command>'],
  [['sql', 'a', '--url'], "option '-d, --url, --dbname <url>' argument missing", 'pgv help <command>'],
  [['sql', 'a', '--progress', 'maybe'], 'Allowed choices are auto, json', 'pgv help <command>'],
  [['sql', 'a', '--csv', '--json'], '--csv and --json exclude each other', undefined],
])('wrong usage %j exits 2 and says so on stderr', async (argv, message, hint) => {
  const { code, out, err } = await runInMemory(argv, { cwd: '/nonexistent' });
  expect(code).toBe(2);
  expect(err).toMatch(/^pgv: /);
  expect(err).toContain(message);
  if (hint !== undefined) expect(err).toMatch(new RegExp(`\nhint: .*${hint.replace('?', '\\?')}`));
  if (!argv.includes('--json')) expect(out).toBe('');
});

test('under --json wrong usage is one JSON document on stdout', async () => {
  const { code, out } = await runInMemory(['sql', '--json', '--jsn', 'x']);
  expect(code).toBe(2);
  expect(JSON.parse(out)).toEqual({
    error: {
      code: 'usage',
      message: "unknown option '--jsn'",
      hint: 'Did you mean --json?',
      file: null,
      row: null,
      column: null,
      sqlstate: null,
    },
  });
});

test('with --progress json the error on stderr is a JSON line too', async () => {
  const { err } = await runInMemory(['sql', '--progress', 'json', '--jsn', 'x']);
  expect(JSON.parse(err).error.message).toBe("unknown option '--jsn'");
});

test('what stands behind -- is no flag', async () => {
  const { code, out } = await runInMemory(['sql', '--', '--json', 'x']);
  expect([code, out]).toEqual([2, '']);
});

test.each(['PGV_URL', 'DATABASE_URL', 'PGHOST', 'PGV_TABLE'])(
  '%s set but empty is wrong usage',
  async (name) => {
    const { code, err } = await runInMemory(['sql', 'SELECT 1'], { env: { [name]: '' } });
    expect(code).toBe(2);
    expect(err).toContain(`pgv: ${name} is set but empty`);
  },
);

test('a command is loaded when it is asked for, and no other', async () => {
  const loads = commands.map((entry) => ({ name: entry.name, load: vi.spyOn(entry, 'load') }));
  const loaded = () => loads.filter(({ load }) => load.mock.calls.length > 0).map(({ name }) => name);
  await runInMemory(['--help']);
  await runInMemory(['--version']);
  await runInMemory(['nothing']);
  expect(loaded()).toEqual([]);
  await runInMemory(['sql', '--help']);
  expect(loaded()).toEqual(['sql']);
  vi.restoreAllMocks();
});

test('a group without its command shows its help on stderr and exits 2', async () => {
  const { code, out, err } = await runInMemory(['index']);
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(/^Usage: pgv index [\s\S]*create /);
  expect((await runInMemory(['index', 'creat'])).err).toContain('Did you mean create?');
});

test('help reaches into groups', async () => {
  const { code, out } = await runInMemory(['help', 'index', 'create']);
  expect(code).toBe(0);
  expect(out).toMatch(/^Usage: pgv index create /);
});

test('every command has a summary, examples, and the flags that all have', async () => {
  for (const { name } of commands.filter((entry) => !['index', 'loads'].includes(entry.name))) {
    const { code, out } = await runInMemory([name, '--help']);
    expect([name, code]).toEqual([name, 0]);
    expect(out).toContain('\nExamples:\n  pgv ');
    for (const flag of ['--json', '-q, --quiet', '-v, --verbose', '--progress', '--no-color']) {
      expect(out).toContain(flag);
    }
  }
});

test.each([
  ['help', 'sqll'],
  ['sqll', '--help'],
  ['index', 'creat', '--help'],
])('help on a command that is not there is wrong usage: %s %s', async (...argv) => {
  const { code, out, err } = await runInMemory(argv);
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(/^pgv: unknown command '\w+'\nhint: Did you mean \w+\?\n$/);
});

test.each([['export'], ['init'], ['vacuum'], ['index', 'restore'], ['loads', 'list']])(
  'a table is not named twice: %s %s',
  async (...words) => {
    const { code, err } = await runInMemory([...words, 'docs', '-t', 'other', '-d', 'pglite:']);
    expect({ code, err }).toMatchObject({
      code: 2,
      err: expect.stringContaining('two tables are named: docs, and other'),
    });
  },
);

test.each([[['--help']], [['--version']], [['help', 'ingest']]])(
  'a disk that is full is told: %s',
  async (words) => {
    const io = memoryIo();
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      syscall: 'write',
    });
    const stdout = new Writable({ write: (_chunk, _encoding, done) => done(full) });
    expect(await run(words, { ...io, stdout })).toBe(4);
    expect(io.err()).toMatch(/^pgv: stdout: no space left on device/);
  },
);
