import { parentPort } from 'node:worker_threads';
import { Lane } from './lane.ts';
import type { FromLane, ToLane } from './lane-messages.ts';

// A lane in a worker thread of its own.

const port = parentPort!;

const lane = new Lane({
  onMessage(message: FromLane, buffer) {
    port.postMessage(message, buffer === undefined ? [] : [buffer]);
    if (message.kind === 'closed') port.close();
  },
  // Ends the thread, whose owner hears of it.
  onLost(error) {
    setImmediate(() => {
      throw error;
    });
  },
});

port.on('message', (message: ToLane) => lane.hear(message));
