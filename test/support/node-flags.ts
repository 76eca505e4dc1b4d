// Most often an embedded database is opened for a moment: to check and to optimise all of its code costs more than that
// gives then, half of the processor's time.
const checkedWhenCalled = '--wasm-lazy-validation';

/** What the built program is started with: its code is compiled once, quickly, and ends with it. */
export const programFlags: readonly string[] = [checkedWhenCalled, '--wasm-tiering-budget=2000000000'];

/** What the processes of the tests are started with: they keep the code (kept-code.ts), and what is optimised of it. */
export const testFlags: readonly string[] = [checkedWhenCalled, '--wasm-tiering-budget=180000000'];
