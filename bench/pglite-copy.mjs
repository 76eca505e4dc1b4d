// The least that a load into a new embedded database can be: node pglite-copy.mjs <directory> <file> <dimensions>

import { readFile } from 'node:fs/promises';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';

const [directory, file, dimensions] = process.argv.slice(2);
const database = await PGlite.create(directory, { extensions: { vector } });
const columns = `id bigint PRIMARY KEY, title text, metadata jsonb, embedding vector(${dimensions})`;
await database.exec(`CREATE EXTENSION vector; CREATE TABLE docs (${columns})`);
const blob = new Blob([await readFile(file)]);
await database.query("COPY docs FROM '/dev/blob' (FORMAT binary)", [], { blob });
await database.close();
