import { Chalk } from 'chalk';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createProgressDisplay } from '../../../commands/output/progress.ts';
import { loadBars } from '../../../commands/output/progress-bar.ts';
import { barLines, plainLine } from '../../../commands/output/progress-text.ts';
import { displayWidth } from '../../../commands/output/width.ts';
import type { Progress } from '../../../src/progress.ts';
import { type MemoryIoOptions, memoryIo } from '../memory-io.ts';

const style = new Chalk({ level: 0 });
const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';

// Else the first bar is drawn once it is loaded, and these tests stop the clock.
beforeAll(loadBars);
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function start(options: MemoryIoOptions, flags: { quiet?: true; progress?: 'auto' | 'json' } = {}) {
  const io = memoryIo(options);
  return { io, display: createProgressDisplay(io, { progress: 'auto', ...flags }, style) };
}

/** Reports twenty-five seconds of work, four times a second. */
function work(report: (progress: Progress) => void): void {
  for (let tick = 0; tick <= 100; tick++) {
    report({ phase: 'loading', rows: tick * 100, bytes: tick * 1024, done: tick * 1024, total: 204_800 });
    vi.advanceTimersByTime(250);
  }
}

test('off a terminal: a plain line every ten seconds', () => {
  const { io, display } = start({});
  work(display.progress);
  display.stop();
  expect(io.err()).toBe(
    'loading: 20 %, 4,000 rows, 400 rows/s, 4 kB/s, 40 s left\n' +
      'loading: 40 %, 8,000 rows, 400 rows/s, 4 kB/s, 30 s left\n',
  );
});

test('a dumb terminal gets lines too', () => {
  const { io, display } = start({ terminal: 80, env: { TERM: 'dumb' } });
  work(display.progress);
  expect(io.err().split('\n')).toHaveLength(3);
  expect(io.err()).not.toContain('\u001b');
});

test('--progress json: JSON lines, notes and warnings among them', () => {
  const { io, display } = start({ terminal: 80 }, { progress: 'json' });
  display.note('a note');
  work(display.progress);
  display.warn('a warning');
  const lines = io
    .err()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.at(0)).toEqual({ note: 'a note' });
  expect(lines.at(-1)).toEqual({ warning: 'a warning' });
  expect(lines).toHaveLength(2 + 25);
  expect(lines[10]).toEqual({
    phase: 'loading',
    rows: 4000,
    bytes: 40_960,
    done: 40_960,
    total: 204_800,
    seconds: 10,
    secondsLeft: 40,
  });
});

test('--quiet: warnings alone', () => {
  const { io, display } = start({ terminal: 80 }, { quiet: true });
  work(display.progress);
  display.note('a note');
  display.warn('a warning');
  display.stop();
  expect(io.err()).toBe('warning: a warning\n');
});

test('on a terminal: a bar that is cleared at the end, the cursor free', () => {
  const { io, display } = start({ terminal: 100 });
  work(display.progress);
  expect(io.err()).toContain(hideCursor);
  expect(io.err()).not.toContain(showCursor);
  expect(io.err()).toContain('loading  ━');
  display.stop();
  const shown = io.err();
  // To the line's begin, then all below it away.
  expect(shown.slice(shown.lastIndexOf(showCursor))).toMatch(/\u001b\[1G\u001b\[0J$/);
  vi.advanceTimersByTime(1000);
  display.progress({ phase: 'late', rows: 1 });
  vi.advanceTimersByTime(1000);
  expect(io.err()).toBe(shown);
});

test('the bar is drawn about ten times a second, however often progress is reported', () => {
  const { io, display } = start({ terminal: 100 });
  for (let tick = 0; tick < 5000; tick++) {
    display.progress({ phase: 'loading', rows: tick, done: tick, total: 5000 });
    vi.advanceTimersByTime(1);
  }
  display.stop();
  const draws = io.err().split('loading').length - 1;
  expect(draws).toBeGreaterThan(40);
  expect(draws).toBeLessThan(60);
});

test('a note takes the place of the bar, which comes back below it', () => {
  const { io, display } = start({ terminal: 100 });
  display.progress({ phase: 'loading', rows: 1 });
  vi.advanceTimersByTime(200);
  display.note('a note');
  display.progress({ phase: 'loading', rows: 2 });
  vi.advanceTimersByTime(200);
  display.stop();
  expect(io.err()).toMatch(/\u001b\[1G\u001b\[0Ja note\n[\s\S]*loading {2}2 rows/);
});

test('passwords never reach the terminal', () => {
  const { io, display } = start({});
  display.note('postgres://me:s3cr3t@h/db');
  display.warn('password=s3cr3t');
  expect(io.err()).not.toContain('s3cr3t');
});

test('no line is wider than the terminal; the least important facts go first', () => {
  const measured = {
    progress: {
      phase: 'building index: loading tuples',
      rows: 1_234_567,
      bytes: 5e9,
      done: 42,
      total: 100,
      lanes: [
        { rows: 600_000, bytes: 2e9 },
        { rows: 634_567, bytes: 3e9 },
      ],
    },
    seconds: 100,
    base: { rows: 0, bytes: 0, done: 0 },
  };
  for (let width = 24; width < 200; width++) {
    for (const line of barLines(measured, width, style)) expect(displayWidth(line)).toBeLessThan(width);
  }
  expect(barLines(measured, 200, style)).toHaveLength(3);
  expect(barLines(measured, 200, style)[0]).toMatch(
    /42 % {2}1,234,567 rows · 12,346 rows\/s · 47.7 MB\/s · 2 min 18 s left$/,
  );
});

test('what was there before a phase counts for no rate', () => {
  const measured = {
    progress: { phase: 'loading', rows: 1100, done: 1100, total: 1200 },
    seconds: 10,
    base: { rows: 1000, bytes: 0, done: 1000 },
  };
  expect(plainLine(measured)).toBe('loading: 91 %, 1,100 rows, 10 rows/s, 10 s left');
});
