/**
 * What the processes of the tests are started with. They open an embedded database for a moment, most often, and
 * optimising its code costs more than it gives then: a third of the processor's time.
 */
export const nodeFlags: readonly string[] = ['--wasm-tiering-budget=180000000'];
