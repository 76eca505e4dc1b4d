import type { MultiBar, Options } from 'cli-progress';
import type { Sink } from '../io.ts';
import type { Display } from './progress.ts';
import { barLines, type Measured } from './progress-text.ts';
import type { Style } from './style.ts';

const redrawsPerSecond = 10;

/** cli-progress, once it is loaded: by the first report, as many a command has none. */
let openBars: ((options: Options) => MultiBar) | undefined;

/** Loads what draws the bar. */
export async function loadBars(): Promise<void> {
  const { default: library } = await import('cli-progress');
  openBars = (options) => new library.MultiBar(options);
}

/**
 * A display that is redrawn in place, on a terminal. cli-progress moves the cursor, hides it and brings it back;
 * what stands in the lines is ours (progress-text.ts).
 */
export function createBar(stderr: Sink, style: Style): Display {
  let screen: Screen | undefined;
  let latest: Measured | undefined;
  let isLoading = false;
  let isShown = false;
  const lines = (measured: Measured) => barLines(measured, stderr.columns ?? 80, style);
  const draw = () => {
    if (!isShown || openBars === undefined || latest === undefined) return;
    screen ??= { bars: openBars(barOptions(stderr)), height: 0 };
    for (let height = lines(latest).length; screen.height < height; screen.height++) {
      const index = screen.height;
      screen.bars.create(1, 0, {}, { format: () => (latest ? (lines(latest)[index] ?? '') : '') });
    }
  };
  const hide = () => {
    isShown = false;
    screen?.bars.stop();
    screen = undefined;
  };

  return {
    update: (measured) => {
      latest = measured;
      isShown = true;
      draw();
      if (openBars !== undefined || isLoading) return;
      isLoading = true;
      void loadBars().then(draw);
    },
    line: (text) => {
      // The bar goes, the line takes its place, and the next report draws the bar below it.
      hide();
      stderr.write(text);
    },
    stop: hide,
  };
}

interface Screen {
  bars: MultiBar;
  height: number;
}

function barOptions(stderr: Sink): Options {
  return {
    stream: stderr,
    fps: redrawsPerSecond,
    hideCursor: true,
    linewrap: false,
    clearOnComplete: true,
    // The signal's own road stops the display (action.ts); a second handler would only race with it.
    gracefulExit: false,
    // The lines carry their own colours and clocks.
    forceRedraw: true,
  };
}
