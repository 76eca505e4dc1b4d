import { Command, CommanderError } from 'commander';
import manifest from '../package.json' with { type: 'json' };
import { UsageError } from '../src/errors.ts';
import { type CommandEntry, commands } from './commands.ts';
import { isClosedPipe, isReaderGone, toPgvError } from './errors.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { bindInvocation, type Invocation, type Io, writeTo } from './io.ts';
import { addOutputOptions } from './options.ts';
import { hasColor } from './output/color.ts';

/**
 * Runs one command line. Never throws, never ends the process.
 * @param argv the arguments after the program's own name
 * @returns the exit code
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const reader = watchReader(io);
  // Help and the version, which Commander writes, and does not wait for.
  let written = Promise.resolve();
  const show = (text: string) => {
    written = written.then(() => writeTo(io.stdout, text));
  };
  try {
    const invocation: Invocation = { io, exitCode: exitCodes.done };
    const words = normalise(argv);
    requireCommandFirst(words);
    const { program, isKnown } = await createProgram(words, invocation, show);
    // Asked for help on a command that is not there, Commander would show the help of what is above it.
    const understood = isKnown ? words : words.filter((word) => word !== '--help' && word !== '-h');
    await program.parseAsync(understood, { from: 'user' }).catch(unlessShown);
    await written;
    return invocation.exitCode;
  } catch (error) {
    if (isReaderGone(error) || reader.gone) return exitCodes.done;
    // A group without its command: Commander has shown the group's help on stderr.
    if (error instanceof CommanderError && error.code === 'commander.help') return exitCodes.usage;
    return fail(error, argv, io);
  } finally {
    reader.unwatch();
  }
}

/** Commander ends so when it has shown help or the version. */
function unlessShown(error: unknown): void {
  if (!(error instanceof CommanderError) || error.exitCode !== 0) throw error;
}

/** Tells a failure on stderr, and under --json on stdout too. The only place that does. */
export async function fail(thrown: unknown, argv: readonly string[], io: Io): Promise<number> {
  const { renderError, errorDocument } = await import('./output/error.ts');
  const { jsonDocument, jsonLine } = await import('./output/json.ts');
  const { styleFor } = await import('./output/style.ts');
  const error = toPgvError(thrown, io.signal);
  // Read from the words themselves: what failed may be their parsing.
  const flags = argv.slice(0, argv.includes('--') ? argv.indexOf('--') : argv.length);
  const jsonProgress = flags.join(' ').match(/--progress[ =]json\b/) !== null;
  const style = styleFor(io.stderr, io.env, !flags.includes('--no-color'));
  const debug = io.env.PGV_DEBUG === '1';
  io.stderr.write(jsonProgress ? jsonLine(errorDocument(error)) : renderError(error, style, debug));
  if (flags.includes('--json')) io.stdout.write(jsonDocument(errorDocument(error)));
  return exitCodeOf(error);
}

/** `pgv` alone asks for help, and `pgv help index create` is `pgv index create --help`. */
function normalise(argv: readonly string[]): string[] {
  if (argv.length === 0) return ['--help'];
  if (argv[0] === 'help') return [...argv.slice(1).filter((word) => !word.startsWith('-')), '--help'];
  return [...argv];
}

/** `pgv --json vacuum`: a flag belongs to its command, which comes first. */
function requireCommandFirst(words: readonly string[]): void {
  const [first = ''] = words;
  const command = commands.find(({ name }) => words.includes(name))?.name;
  if (!/^-./.test(first) || command === undefined || ownFlags.has(first)) return;
  throw new UsageError(`${first.replace(/=.*/, '')} stands before the command`, {
    hint: `flags come behind it: pgv ${command} …`,
  });
}

const ownFlags = new Set(['-h', '--help', '-V', '--version']);

async function createProgram(
  argv: readonly string[],
  invocation: Invocation,
  show: (text: string) => void,
): Promise<{ program: Command; isKnown: boolean }> {
  const { io } = invocation;
  const program = new Command('pgv')
    .description(manifest.description)
    .version(manifest.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand(false)
    .showSuggestionAfterError()
    .exitOverride()
    .configureHelp({ styleTitle: (title) => `\u001b[1m${title}\u001b[22m` })
    .configureOutput({
      writeOut: show,
      writeErr: (text) => io.stderr.write(text),
      // Errors are told in fail(), like all others.
      outputError: () => {},
      getOutHelpWidth: () => io.stdout.columns ?? 80,
      getErrHelpWidth: () => io.stderr.columns ?? 80,
      getOutHasColors: () => hasColor(io.stdout, io.env, !argv.includes('--no-color')),
      getErrHasColors: () => hasColor(io.stderr, io.env, !argv.includes('--no-color')),
    })
    .addHelpText('after', '\n`pgv help <command>` tells more, with examples.');
  bindInvocation(program, invocation);
  return { program, isKnown: await addCommands(program, commands, argv) };
}

/**
 * Adds a list of commands, of which only the one that `words` name is loaded; the others are there for the help.
 * @returns false when `words` name a command that is not in the list
 */
async function addCommands(
  parent: Command,
  entries: readonly CommandEntry[],
  words: readonly string[],
): Promise<boolean> {
  let isKnown = words[0] === undefined || words[0].startsWith('-');
  for (const { name, summary, load } of entries) {
    const command = parent.command(name).description(summary);
    if (words[0] !== name) continue;
    isKnown = true;
    const module = await load(words.slice(1));
    if ('commands' in module) isKnown = await addCommands(command, module.commands, words.slice(1));
    else addOutputOptions(module.configure(command));
  }
  return isKnown;
}

/**
 * Notices when nobody reads stdout any more. Without a listener such an error would end the process with a stack; on
 * stderr there is nobody left to tell.
 */
function watchReader(io: Io): { readonly gone: boolean; unwatch: () => void } {
  let gone = false;
  const onStdout = (error: Error) => {
    if (isClosedPipe(error)) gone = true;
  };
  const onStderr = () => {};
  io.stdout.on('error', onStdout);
  io.stderr.on('error', onStderr);
  return {
    get gone() {
      return gone;
    },
    // The error of the last write comes after run() has returned: the listeners must stay until then.
    unwatch: () =>
      setImmediate(() => {
        io.stdout.off('error', onStdout);
        io.stderr.off('error', onStderr);
      }),
  };
}
