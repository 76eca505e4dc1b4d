// Runs a file of this folder with the code that V8 made of it when pgv was built, which else takes a third of what a
// command needs to start. V8 takes such code for its own by its version alone, which all of Node 20 share, and crashes
// where it is another binary's: so the code counts for the very Node that made it, in the place where it was made.
// https://v8.dev/blog/code-caching-for-devs
//
// Elsewhere, as in a package that npm installed, there is none. What Node 22 and later would keep by themselves
// (module.enableCompileCache) lacks every function that V8 compiles when it is first called, and only counts for what
// Node's slower loader loads: measured, a search gains nothing by it that would be worth files in somebody's home.

const { readFileSync, statSync } = require('node:fs');
const { wrap, wrapper } = require('node:module');
const path = require('node:path');
const { Script } = require('node:vm');
const { isMainThread } = require('node:worker_threads');

const loaded = new Map();
const isKept = keptFor() === makerOfCode();

/** What the file exports, as `require` gives it. */
function load(name) {
  // Source maps are applied to what Node itself loads.
  if (process.sourceMapsEnabled) return require(`./${name}`);
  const before = loaded.get(name);
  if (before !== undefined) return before.exports;
  const filename = path.join(__dirname, name);
  const script = new Script(wrap(readFileSync(filename, 'utf8')), {
    filename,
    columnOffset: -wrapper[0].length,
    cachedData: isKept ? read(codeOf(filename)) : undefined,
  });
  const module = { exports: {} };
  loaded.set(name, module);
  try {
    const run = script.runInThisContext();
    run.call(module.exports, module.exports, requireOrLoad, module, filename, __dirname);
  } catch (error) {
    loaded.delete(name);
    throw error;
  }
  return module.exports;
}

function requireOrLoad(name) {
  return name.startsWith('./') ? load(name.slice(2)) : require(name);
}
requireOrLoad.resolve = require.resolve;

/** Where the code of a file is kept: a lane's thread needs other parts of it than the program. */
function codeOf(filename) {
  return `${filename}.${isMainThread ? 'code' : 'lane-code'}`;
}

/** Who makes code, and where: the file of the running Node, as far as one look tells it from any other. */
function makerOfCode() {
  const { size, mtimeMs } = statSync(process.execPath);
  return [process.version, process.platform, process.arch, size, mtimeMs, __dirname].join(' ');
}

function keptFor() {
  return read(path.join(__dirname, 'code-maker'))?.toString();
}

function read(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

module.exports = { load, codeOf, makerOfCode };
