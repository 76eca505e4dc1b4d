import type { Progress, Reporter } from '../../src/progress.ts';
import type { Io } from '../io.ts';
import type { OutputOptions } from '../options.ts';
import { isCapableTerminal } from './color.ts';
import { jsonLine } from './json.ts';
import { createBar } from './progress-bar.ts';
import { type Measured, plainLine, secondsLeft } from './progress-text.ts';
import { redact } from './redact.ts';
import type { Style } from './style.ts';

/** What shows an operation's reports on stderr while it runs. */
export interface ProgressDisplay extends Reporter {
  /** Takes what is redrawn off the terminal and frees the cursor; nothing is drawn any more. May come twice. */
  stop: () => void;
}

/** One way to show progress. `line` is for what stays: notes and warnings. */
export interface Display {
  update: (measured: Measured) => void;
  line: (text: string) => void;
  stop: () => void;
}

/** Chooses among bar, lines, JSON lines and silence, as the flags and stderr ask. */
export function createProgressDisplay(
  io: Pick<Io, 'stderr' | 'env'>,
  options: Pick<OutputOptions, 'quiet' | 'progress'>,
  style: Style,
): ProgressDisplay {
  const print = (text: string) => {
    io.stderr.write(text);
  };
  const json = options.progress === 'json';
  const display = chooseDisplay(io, options, style);
  const measure = stopwatch();
  let stopped = false;
  return {
    progress: (progress) => {
      if (!stopped && !options.quiet) display.update(measure(progress));
    },
    note: (line) => {
      if (!options.quiet) display.line(json ? jsonLine({ note: redact(line) }) : `${redact(line)}\n`);
    },
    warn: (line) => {
      if (options.quiet) print(`${style.yellow('warning:')} ${redact(line)}\n`);
      else if (json) display.line(jsonLine({ warning: redact(line) }));
      else display.line(`${style.yellow('warning:')} ${redact(line)}\n`);
    },
    stop: () => {
      stopped = true;
      display.stop();
    },
  };
}

function chooseDisplay(
  io: Pick<Io, 'stderr' | 'env'>,
  options: Pick<OutputOptions, 'quiet' | 'progress'>,
  style: Style,
): Display {
  const print = (text: string) => {
    io.stderr.write(text);
  };
  if (options.progress === 'json') return everySeconds(1, print, (measured) => jsonLine(record(measured)));
  if (!options.quiet && isCapableTerminal(io.stderr, io.env)) return createBar(io.stderr, style);
  return everySeconds(10, print, (measured) => `${plainLine(measured)}\n`);
}

/** Prints a line when so many seconds have gone by since the last, or since the beginning. */
function everySeconds(
  seconds: number,
  print: (text: string) => void,
  render: (measured: Measured) => string,
): Display {
  let last = performance.now();
  return {
    update: (measured) => {
      const now = performance.now();
      if (now - last < seconds * 1000) return;
      last = now;
      print(render(measured));
    },
    line: print,
    stop: () => {},
  };
}

function record(measured: Measured): unknown {
  const { progress, seconds } = measured;
  return {
    ...progress,
    seconds: rounded(seconds),
    secondsLeft: rounded(secondsLeft(measured)),
  };
}

/** Adds to each Progress how long its phase has taken, and what was there before it. */
function stopwatch(): (progress: Progress) => Measured {
  let phase: string | undefined;
  let since = 0;
  let base = { rows: 0, bytes: 0, done: 0 };
  return (progress) => {
    if (progress.phase !== phase) {
      phase = progress.phase;
      since = performance.now();
      base = { rows: progress.rows ?? 0, bytes: progress.bytes ?? 0, done: progress.done ?? 0 };
    }
    const began = since;
    return {
      progress,
      base,
      get seconds() {
        return (performance.now() - began) / 1000;
      },
    };
  };
}

function rounded(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Number(seconds.toFixed(3));
}
