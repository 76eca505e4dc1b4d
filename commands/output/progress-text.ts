import type { Progress } from '../../src/progress.ts';
import type { Style } from './style.ts';
import { byteRate, bytes, count, counted, duration, rowRate } from './units.ts';
import { displayWidth, shorten } from './width.ts';

/** A Progress together with what the clock says. */
export interface Measured {
  progress: Progress;
  /** Seconds since the phase began, up to the moment of asking. */
  readonly seconds: number;
  /** What was already there when the phase began, as when a load is resumed: it counts for no rate. */
  base: { rows: number; bytes: number; done: number };
}

/** Seconds until the end at the rate so far, where a total is known and something is done. */
export function secondsLeft({ progress, seconds, base }: Measured): number | undefined {
  const { done, total } = progress;
  if (done === undefined || total === undefined || done <= base.done || seconds < 1) return undefined;
  return Math.max(0, ((total - done) * seconds) / (done - base.done));
}

/** `42 %`; never 100 before the end. */
function percent({ done, total }: Progress): string | undefined {
  if (done === undefined || !total) return undefined;
  return `${Math.min(100, Math.floor((100 * done) / total))} %`;
}

/** What is known, in the order of its weight: `21,000 rows`, `4,120 rows/s`, `38.2 MB/s`, `12 s left`. */
function facts(measured: Measured): string[] {
  const { progress, seconds, base } = measured;
  const left = secondsLeft(measured);
  const parts: string[] = [];
  if (progress.rows !== undefined) parts.push(counted(progress.rows, 'row'));
  else if (progress.bytes !== undefined) parts.push(bytes(progress.bytes));
  if (progress.rows && seconds >= 1) parts.push(rowRate(progress.rows - base.rows, seconds));
  if (progress.bytes && seconds >= 1) parts.push(byteRate(progress.bytes - base.bytes, seconds));
  parts.push(
    left === undefined ? duration(Math.floor(seconds)).replace(/\.0+ /, ' ') : `${roughly(left)} left`,
  );
  return parts;
}

/** A plain line, for logs: `loading: 42 %, 21,000 rows, 4,120 rows/s, 38.2 MB/s, 12 s left`. */
export function plainLine(measured: Measured): string {
  const share = percent(measured.progress);
  const parts = [...(share === undefined ? [] : [share]), ...facts(measured)];
  return `${measured.progress.phase}: ${parts.join(', ')}`;
}

/**
 * The lines of a display that is redrawn: the bar, and a line a lane where there are several. No line is wider than
 * the terminal; facts that do not fit are left out, the least important first.
 */
export function barLines(measured: Measured, width: number, style: Style): string[] {
  const { phase, lanes } = measured.progress;
  const bar = drawBar(measured.progress, width, style);
  const known = facts(measured);
  const room = width - 1 - bar.width;
  const title = shorten(phase, Math.max(8, room - 2));
  while (known.length > 0 && displayWidth(`${title}  ${known.join(' · ')}`) > room) known.splice(-2, 1);
  const lines = [style.bold(title) + bar.text + style.dim(known.length > 0 ? `  ${known.join(' · ')}` : '')];
  if (lanes && lanes.length > 1) {
    for (const [index, lane] of lanes.entries()) {
      const line = `  lane ${index + 1}  ${count(lane.rows).padStart(13)} rows  ${bytes(lane.bytes).padStart(9)}`;
      lines.push(style.dim(shorten(line, width - 1)));
    }
  }
  return lines;
}

/** `  ━━━━━───── 42 %` and the columns it takes: nothing where no total is known, no bar where there is no room. */
function drawBar(progress: Progress, width: number, style: Style): { text: string; width: number } {
  const share = percent(progress);
  if (share === undefined) return { text: '', width: 0 };
  const { done = 0, total = 1 } = progress;
  const length = width < 40 ? 0 : Math.min(30, Math.max(10, width - 70));
  const filled = Math.round(Math.min(1, done / total) * length);
  const bar = style.cyan('━'.repeat(filled)) + style.dim('─'.repeat(length - filled));
  return { text: `  ${bar} ${share}`, width: length + share.length + 3 };
}

/** An estimate in whole seconds, without a false precision. */
function roughly(seconds: number): string {
  return seconds < 59.5 ? `${Math.ceil(seconds)} s` : duration(seconds);
}
