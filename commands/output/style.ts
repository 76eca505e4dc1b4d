import { Chalk, type ChalkInstance } from 'chalk';
import type { Io, Sink } from '../io.ts';
import { hasColor } from './color.ts';

/** Colours for one stream; without them its functions give the text back as it is. */
export type Style = ChalkInstance;

/** The style for one stream. The sixteen basic colours only: they follow the terminal's own theme. */
export function styleFor(stream: Sink, env: Io['env'], color: boolean): Style {
  return new Chalk({ level: hasColor(stream, env, color) ? 1 : 0 });
}
