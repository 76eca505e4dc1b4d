import { rmSync, statfsSync, statSync } from 'node:fs';
import path from 'node:path';
import { rounds, scaled } from './arguments.ts';
import { corpusColumns, endlessCsv } from './corpus.ts';
import { folder, writeAll } from './files.ts';
import { inMegabytes, limit, peakOf, tellPeak } from './memory.ts';
import { benchServer } from './programs.ts';
import { atMost, row } from './table-row.ts';
import type { Command } from './turns.ts';
import { rowGroupBytes, vectorCorpus } from './vector-corpus.ts';

// The most memory that a load to a server holds, with two lanes: the largest of all rounds. Linux alone, as it reads
// /proc. The files of CSV, and what the server makes of them, take up to 20 GB, which are free again at the end.

const sizes = [scaled(0.5e9), scaled(5e9)] as const;
const vectors = await vectorCorpus(scaled(250_000), 384);
const csvFile = path.join(folder, `memory-${process.pid}.csv`);
/** A lane of Parquet holds a row group more. */
const withRowGroups = limit + 2 * rowGroupBytes(384);
const vectorColumns = 'id bigint PRIMARY KEY, embedding vector(384)';

const inGigabytes = (bytes: number) => `${Number((bytes / 1e9).toPrecision(1))} GB`;

const { bavail, bsize } = statfsSync(folder);
if (bavail * bsize < 4 * sizes[1]) {
  throw new Error(`${folder} has no room for four times ${inGigabytes(sizes[1])}`);
}

const server = await benchServer(corpusColumns(768));
try {
  const csv = (bytes: number) => endlessCsv(bytes, 768);
  const fromStdin = (bytes: number) => ({
    ...server.ingest('-', '--format', 'csv'),
    input: () => csv(bytes),
  });
  for (const way of ['a file', 'stdin'] as const) {
    const peaks: number[] = [];
    for (const bytes of sizes) {
      if (way === 'a file') await writeAll(csvFile, csv(bytes));
      const peak = await peakMemory(way === 'a file' ? server.ingest(csvFile) : fromStdin(bytes));
      rmSync(csvFile, { force: true });
      tellPeak(`CSV from ${way} (${inGigabytes(bytes)})`, peak, limit);
      peaks.push(peak);
    }
    const [small, large] = peaks as [number, number];
    const against = `${inGigabytes(sizes[0])}: ${inMegabytes(small)}`;
    row(
      `peak memory, CSV from ${way}: ten times the size`,
      inMegabytes(large),
      against,
      large / small,
      atMost(1.1),
    );
  }
  await server.run('DROP TABLE docs', `CREATE TABLE docs (${vectorColumns})`);
  for (const { format, file, flags, most } of [
    { format: 'npy', file: vectors.npy, flags: ['--map', 'row=id'], most: limit },
    { format: 'Parquet, zstd', file: vectors.parquet.zstd, flags: [], most: withRowGroups },
    { format: 'Parquet, snappy', file: vectors.parquet.snappy, flags: [], most: withRowGroups },
  ]) {
    const peak = await peakMemory(server.ingest(file, ...flags));
    tellPeak(`${format} (${inGigabytes(statSync(file).size)})`, peak, most);
  }
} finally {
  rmSync(csvFile, { force: true });
  await server.stop();
}

/** The largest of all rounds, each into the empty table. */
async function peakMemory(command: Command): Promise<number> {
  let peak = 0;
  for (let round = 0; round < rounds(1); round++) {
    await server.empty();
    peak = Math.max(peak, await peakOf(command));
  }
  return peak;
}
