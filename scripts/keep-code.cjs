// `node --require scripts/keep-code.cjs dist/pgv.js …`: what V8 has compiled of the program by its end, in each of its
// threads, is kept beside the sources, for bin/load.cjs.

const { existsSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');
const { isMainThread, threadId } = require('node:worker_threads');

const load = path.join(__dirname, '../dist/load.cjs');
const scripts = new Map();

vm.Script = class extends vm.Script {
  constructor(code, options) {
    const kept = require(load).codeOf(options.filename);
    // What earlier runs have compiled stays with what this one does.
    super(code, { ...options, cachedData: existsSync(kept) ? readFileSync(kept) : undefined });
    scripts.set(options.filename, this);
  }
};

process.on('exit', () => {
  // The program does not wait for its lanes' threads.
  if (isMainThread) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  for (const [filename, script] of scripts) {
    const temporary = `${filename}.${process.pid}-${threadId}.tmp`;
    writeFileSync(temporary, script.createCachedData());
    renameSync(temporary, require(load).codeOf(filename));
  }
});
