import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { afterEach, expect, test, vi } from 'vitest';
import { type Source, streamSource } from '../../src/source.ts';
import { spooled } from '../../src/sources/spool.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const content = randomBytes(2_500_000);
const stream = (bytes: Uint8Array = content): Source => streamSource(Readable.from([bytes]), 'stdin');
const { signal } = new AbortController();

afterEach(() => vi.unstubAllEnvs());

async function inDirectory(): Promise<string> {
  const directory = await temporaryDirectory();
  vi.stubEnv('TMPDIR', directory);
  return directory;
}

test('what a stream holds can be read from anywhere, and from front to back', async () => {
  await inDirectory();
  const seen: number[] = [];
  const source = await spooled(stream(), { onProgress: (bytes) => seen.push(bytes), signal });
  expect(source).toMatchObject({ name: 'stdin', byteLength: content.length });
  const part = Buffer.alloc(1000);
  expect(await source.readAt!(part, 2_000_000)).toBe(1000);
  expect(part.equals(content.subarray(2_000_000, 2_001_000))).toBe(true);
  const whole = Buffer.alloc(content.length + 1);
  expect(await source.read(whole)).toBe(content.length);
  expect(whole.subarray(0, -1).equals(content)).toBe(true);
  expect(seen.at(-1)).toBe(content.length);
  await source.close();
});

test('an empty one, too', async () => {
  const source = await spooled(stream(Buffer.alloc(0)), { onProgress: () => {}, signal });
  expect(source.byteLength).toBe(0);
  await source.close();
});

test.skipIf(process.platform === 'win32')(
  'the file has no name, so that nothing is left whatever happens',
  async () => {
    const directory = await inDirectory();
    const source = await spooled(stream(), { onProgress: () => {}, signal });
    expect(await readdir(directory)).toEqual([]);
    await source.close();
  },
);

test('a source that fails, or a signal, leaves nothing', async () => {
  const directory = await inDirectory();
  const failing = streamSource(
    Readable.from(
      (async function* () {
        yield content;
        throw Object.assign(new Error('gone'), { code: 'EIO' });
      })(),
    ),
    'stdin',
  );
  await expect(spooled(failing, { onProgress: () => {}, signal })).rejects.toMatchObject({
    code: 'read-failed',
  });
  const controller = new AbortController();
  const spooling = spooled(stream(), {
    onProgress: () => controller.abort(new Error('stop')),
    signal: controller.signal,
  });
  await expect(spooling).rejects.toThrow('stop');
  expect(await readdir(directory)).toEqual([]);
});

test('a directory that is not there is named, and TMPDIR', async () => {
  const missing = path.join(await temporaryDirectory(), 'missing');
  vi.stubEnv('TMPDIR', missing);
  await expect(spooled(stream(), { onProgress: () => {}, signal })).rejects.toMatchObject({
    name: 'DatabaseError',
    message: expect.stringContaining(`stdin cannot be kept in ${missing} while it is read: ENOENT`),
    hint: expect.stringContaining('TMPDIR'),
  });
});

const canMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;

test.skipIf(!canMount)('a full disk is told as one', async () => {
  const directory = await temporaryDirectory();
  const source = (name: string) =>
    JSON.stringify(fileURLToPath(new URL(`../../src/${name}`, import.meta.url)));
  const script = `
    import { Readable } from 'node:stream';
    import { streamSource } from ${source('source.ts')};
    import { spooled } from ${source('sources/spool.ts')};
    const stream = streamSource(Readable.from([Buffer.alloc(3_000_000)]), 'stdin');
    spooled(stream, { onProgress: () => {}, signal: new AbortController().signal })
      .catch(({ code, message, hint }) => console.log(JSON.stringify({ code, message, hint })));
  `;
  const { outputFiles } = buildSync({
    stdin: { contents: script, resolveDir: '/' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
  });
  const program = path.join(await temporaryDirectory(), 'spool.mjs');
  await writeFile(program, outputFiles[0]!.contents);
  // A disk of 1 MB in a namespace of its own, which goes with the process.
  const run = 'mount -t tmpfs -o size=1m none "$1" && TMPDIR=$1 exec "$2" "$3"';
  const output = execFileSync('unshare', ['-m', 'sh', '-c', run, 'sh', directory, process.execPath, program]);
  expect(JSON.parse(output.toString())).toMatchObject({
    code: 'disk-full',
    message: `stdin does not fit into ${directory}, where it is kept while it is read`,
    hint: expect.stringContaining('TMPDIR'),
  });
});
