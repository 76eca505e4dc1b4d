import type { Reporter } from '../../progress.ts';
import type { BuildResources } from './resources.ts';

/** Seconds from which on a build is worth a word before it. */
const worthTelling = 5;

/** Says what is expected of a build: its memory, its workers, its time; and what the user could do about them. */
export function tellExpectation(
  { name, table }: { name: string; table: { shown: string } },
  resources: BuildResources,
  options: { memory?: number | undefined },
  reporter: Reporter,
  always = false,
): void {
  const { rows, needed, given, workers, seconds, tableWorkers } = resources;
  const fits = needed <= given;
  if (always || (seconds >= worthTelling && fits)) {
    const parts = [
      `about ${rows.toLocaleString('en')} rows`,
      `${megabytes(needed)} of memory, which ${fits ? `fit into the ${megabytes(given)} it gets` : `do not fit into ${megabytes(given)}`}`,
      workers === 0 ? 'no workers' : `${workers} ${workers === 1 ? 'worker' : 'workers'}`,
      fits ? `perhaps ${roughly(seconds)}` : `longer than ${roughly(seconds)}`,
    ];
    reporter.note(`${name}: ${parts.join(', ')}`);
  }
  if (!fits) {
    const guess =
      options.memory === undefined ? 'what the server seems to have for it' : 'what --memory gives it';
    reporter.warn(
      `the build of ${name} takes about ${megabytes(needed)}, and ${guess} is ${megabytes(given)}: ` +
        `it gets slow where that ends; give it more with --memory ${Math.ceil((needed * 1.1) / 1024 ** 2)}MB`,
    );
  }
  if (tableWorkers !== undefined) {
    reporter.note(
      `${table.shown} has parallel_workers = ${tableWorkers}, which holds for the build too: ALTER TABLE … RESET (parallel_workers) lets it have more`,
    );
  }
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024 ** 2).toLocaleString('en')} MB`;
}

/** A guess, with one digit that counts. */
function roughly(seconds: number): string {
  if (seconds < 1) return 'a second';
  const [value, unit] =
    seconds < 90 ? [seconds, 's'] : seconds < 5400 ? [seconds / 60, 'min'] : [seconds / 3600, 'h'];
  const step = value < 10 ? 1 : 10 ** Math.floor(Math.log10(value));
  return `${Math.max(1, Math.round(value / step) * step)} ${unit}`;
}
