import cliProgress from 'cli-progress';
import type { Sink } from '../io.ts';
import type { Display } from './progress.ts';
import { barLines, type Measured } from './progress-text.ts';
import type { Style } from './style.ts';

const redrawsPerSecond = 10;

/**
 * A display that is redrawn in place, on a terminal. cli-progress moves the cursor, hides it and brings it back;
 * what stands in the lines is ours (progress-text.ts).
 */
export function createBar(stderr: Sink, style: Style): Display {
  let screen: Screen | undefined;
  let latest: Measured | undefined;
  const lines = (measured: Measured) => barLines(measured, stderr.columns ?? 80, style);
  const hide = () => {
    screen?.bars.stop();
    screen = undefined;
  };

  return {
    update: (measured) => {
      latest = measured;
      screen ??= openScreen(stderr);
      for (let height = lines(measured).length; screen.height < height; screen.height++) {
        const index = screen.height;
        screen.bars.create(1, 0, {}, { format: () => (latest ? (lines(latest)[index] ?? '') : '') });
      }
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
  bars: cliProgress.MultiBar;
  height: number;
}

function openScreen(stderr: Sink): Screen {
  const bars = new cliProgress.MultiBar({
    stream: stderr,
    fps: redrawsPerSecond,
    hideCursor: true,
    linewrap: false,
    clearOnComplete: true,
    // The signal's own road stops the display (action.ts); a second handler would only race with it.
    gracefulExit: false,
    // The lines carry their own colours and clocks.
    forceRedraw: true,
  });
  return { bars, height: 0 };
}
