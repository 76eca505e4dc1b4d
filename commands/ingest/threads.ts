import { LaneThreads } from '../../src/operations/ingest/lane-threads.ts';

/** The process's own: the first is started while the command is still being loaded (commands.ts). */
export const threads = new LaneThreads();
