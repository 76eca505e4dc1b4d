// Runs a file of this folder with the code that V8 made of it when pgv was built: a third of what a command takes to
// start would go into making it again. Another V8 than that one refuses it, and compiles what it needs, as ever.
// https://v8.dev/blog/code-caching-for-devs

const { readFileSync } = require('node:fs');
const { wrap } = require('node:module');
const path = require('node:path');
const { Script } = require('node:vm');

const loaded = new Map();

/** What the file exports, as `require` gives it. */
function load(name) {
  const before = loaded.get(name);
  if (before !== undefined) return before.exports;
  const filename = path.join(__dirname, name);
  const script = new Script(wrap(readFileSync(filename, 'utf8')), {
    filename,
    cachedData: keptCode(filename),
  });
  const module = { exports: {} };
  loaded.set(name, module);
  const run = script.runInThisContext();
  run.call(module.exports, module.exports, requireOrLoad, module, filename, __dirname);
  return module.exports;
}

function requireOrLoad(name) {
  return name.startsWith('./') ? load(name.slice(2)) : require(name);
}
requireOrLoad.resolve = require.resolve;

function keptCode(filename) {
  try {
    return readFileSync(`${filename}.code`);
  } catch {
    return undefined;
  }
}

module.exports = { load };
