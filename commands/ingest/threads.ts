import { statSync } from 'node:fs';
import { defaultPieceLength } from '../../src/formats/read/piece-cutter.ts';
import { LaneThreads } from '../../src/operations/ingest/lane-threads.ts';

/** The process's own: the first is started while the command is still being loaded (commands.ts). */
export const threads = new LaneThreads();

/** Lanes whose rows take little work that one thread keeps busy. */
const lightLanes = 2;

/**
 * Has lanes find a thread when they begin. A single piece is loaded by the time that a thread has started, and rows that
 * are light work leave this thread idle: those need none.
 * @param pieces about how many there will be; 0: nothing tells
 * @param light whether rows go on nearly as they are
 */
export function prepareThreads(lanes: number, pieces: number, light: boolean): void {
  if (pieces === 1 || (light && lanes <= lightLanes)) threads.keepHere(Math.min(lanes, pieces));
  else threads.start(Math.min(lanes, pieces));
}

/** Whether among the words is the name of more than a piece, or of what nobody knows the size of: a stream, a URL, several files. */
export function namesLargeInput(words: readonly string[]): boolean {
  return words.some((word) => word === '-' || /^https?:|[*?]/.test(word) || isLarge(word));
}

function isLarge(word: string): boolean {
  if (/\.(?:npy|fvecs)$/.test(word)) return false;
  const found = statSync(word, { throwIfNoEntry: false });
  return found !== undefined && (found.isDirectory() || found.size > defaultPieceLength);
}
