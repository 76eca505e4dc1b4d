import { Chalk, type ChalkInstance } from 'chalk';
import type { Sink } from '../io.ts';

/** Colours for one stream; without them its functions give the text back as it is. */
export type Style = ChalkInstance;

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Whether a stream gets colours: --no-color, then FORCE_COLOR, then NO_COLOR (https://no-color.org), then whether
 * it is a terminal that can. FORCE_COLOR outdoes NO_COLOR as it does in Node itself.
 */
export function hasColor(stream: Sink, env: Env, color: boolean): boolean {
  if (!color) return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  if (env.NO_COLOR) return false;
  return isCapableTerminal(stream, env);
}

/** Whether the cursor may be moved and colours changed: a terminal, and not a dumb one. */
export function isCapableTerminal(stream: Sink, env: Env): boolean {
  return stream.isTTY === true && env.TERM !== 'dumb';
}

/** The style for one stream. The sixteen basic colours only: they follow the terminal's own theme. */
export function styleFor(stream: Sink, env: Env, color: boolean): Style {
  return new Chalk({ level: hasColor(stream, env, color) ? 1 : 0 });
}
