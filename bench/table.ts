import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

// All measurements one after the other, each with a server of its own, as one table in Markdown on stdout:
// `node scripts/run.mjs bench/table.ts [rounds] [scale]`.

const measurements = [
  'ingest',
  'ingest-vectors',
  'ingest-memory',
  'ingest-linear',
  'ingest-embedded',
  'export',
  'copy',
  'search',
  'start-up',
];
const runner = fileURLToPath(new URL('../scripts/run.mjs', import.meta.url));

process.stdout.write('| work | pgv | against | ratio | goal |\n| --- | --- | --- | --- | --- |\n');
for (const name of measurements) {
  process.stderr.write(`${name}\n`);
  const script = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  const child = spawn(process.execPath, [runner, script, ...process.argv.slice(2)], { stdio: 'inherit' });
  const [status] = await once(child, 'close');
  // The others may still tell something.
  if (status !== 0) process.exitCode = 1;
}
