import { readFile } from 'node:fs/promises';
import type { Database } from '../../src/database/database.ts';

const file = (name: string) => new URL(`../../fixtures/${name}`, import.meta.url);

/** A query of fixtures/packages-queries.jsonl, with its ten nearest packages by cosine distance. */
export interface PackageQuery {
  vector: number[];
  neighbors: number[];
}

/** The table `packages` with the 1,000 rows of fixtures/packages.csv, analysed, and the extension. */
export async function loadPackages(database: Database): Promise<void> {
  await database.query('CREATE EXTENSION IF NOT EXISTS vector');
  await database.query(`CREATE TABLE packages (id bigint PRIMARY KEY, package text, section text, description text,
    metadata jsonb, embedding vector(64))`);
  await database.copyIn('COPY packages FROM STDIN (FORMAT csv, HEADER)', [
    await readFile(file('packages.csv')),
  ]);
  await database.query('ANALYZE packages');
}

export async function packageQueries(): Promise<PackageQuery[]> {
  const lines = (await readFile(file('packages-queries.jsonl'), 'utf8')).trim().split('\n');
  return lines.map((line) => JSON.parse(line) as PackageQuery);
}
