// `node --require scripts/keep-code.cjs dist/pgv.js …`: what V8 has compiled of the program by its end, in each of its
// threads, is kept beside the sources, for bin/load.cjs.

const { renameSync, writeFileSync } = require('node:fs');
const vm = require('node:vm');
const { threadId } = require('node:worker_threads');

const scripts = new Map();

vm.Script = class extends vm.Script {
  constructor(code, options) {
    super(code, options);
    scripts.set(options.filename, this);
  }
};

process.on('exit', () => {
  for (const [filename, script] of scripts) {
    const temporary = `${filename}.${process.pid}-${threadId}.tmp`;
    writeFileSync(temporary, script.createCachedData());
    renameSync(temporary, `${filename}.code`);
  }
});
