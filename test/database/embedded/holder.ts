import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { builtFile } from '../../../src/built-files.ts';
import { afterwards } from '../../support/afterwards.ts';

/** Starts the built host thread, says what it answers, runs the SQL given, and stays until it is killed. */
const script = `
  const { MessageChannel, Worker } = require('node:worker_threads');
  const [file, directory, sql] = process.argv.slice(1);
  const { port1, port2 } = new MessageChannel();
  new Worker(new URL(file), { workerData: { directory, mayCreate: true, port: port2 }, transferList: [port2] });
  port1.on('message', (answer) => console.log(JSON.stringify(answer)));
  port1.postMessage({ id: 1, kind: 'open' });
  if (sql) port1.postMessage({ id: 2, kind: 'query', text: sql });
  console.log('started');
`;

/** Another process that opens the embedded database in `directory`. */
export class Holder {
  readonly process: ChildProcessWithoutNullStreams;
  #lines: string[] = [];

  constructor(directory: string, sql = '') {
    const file = builtFile('embedded-host.mjs').href;
    this.process = spawn(process.execPath, ['-e', script, file, directory, sql]);
    this.process.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#lines.push(...text.split('\n').filter((line) => line !== ''));
    });
    afterwards(() => this.kill());
  }

  /** Resolves when it has said something that holds `text`. */
  async said(text: string): Promise<string> {
    for (;;) {
      const line = this.#lines.find((said) => said.includes(text));
      if (line !== undefined) return line;
      await Promise.race([once(this.process.stdout, 'data'), once(this.process, 'exit').then(fail)]);
    }
  }

  /** kill -9, and waits until it is gone. */
  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await gone;
  }
}

function fail(): never {
  throw new Error('the other process has ended');
}
