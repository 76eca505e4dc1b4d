import type { Reporter, SerializedError, TestCase, TestModule, Vitest } from 'vitest/node';

/**
 * Says at the very end, alone on a line, how the run went: `812 passed, 0 failed, 3 skipped`, and before it why
 * anything was skipped. A file or a hook that fails outside of any test counts as one failure. A run in which
 * no test ran has failed.
 */
export class ClosingLine implements Reporter {
  #vitest: Vitest | undefined;
  #passed = 0;
  #failed = 0;
  readonly #skipped: TestCase[] = [];
  #ended = false;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
    // Later than everything else that anybody prints.
    process.once('exit', () => this.#close());
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    this.#ended = true;
    this.#failed += errors.length;
    for (const module of modules) {
      this.#failed += module.errors().length;
      for (const suite of module.children.allSuites()) this.#failed += suite.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') this.#passed += 1;
        else if (state === 'failed') this.#failed += 1;
        else this.#skipped.push(test);
      }
    }
  }

  #close(): void {
    const reasons = new Map<string, number>();
    for (const test of this.#skipped) {
      const reason = this.#reason(test);
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
    const lines = [...reasons].map(([reason, count]) => `SKIPPED ${count} of the tests: ${reason}\n`);
    if (!this.#ended) lines.push('The run ended before its tests did.\n');
    else if (this.#passed + this.#failed === 0) lines.push('No test ran.\n');
    if (this.#passed === 0 || !this.#ended) process.exitCode ||= 1;
    const skipped = this.#skipped.length > 0 ? `, ${this.#skipped.length} skipped` : '';
    process.stdout.write(`\n${lines.join('')}${this.#passed} passed, ${this.#failed} failed${skipped}\n`);
  }

  #reason(test: TestCase): string {
    const result = test.result();
    if (result.state === 'skipped' && result.note) return result.note;
    const server = this.#vitest?.getRootProject().getProvidedContext().server;
    return server?.missing ?? server?.noOwn ?? 'marked so in the test';
  }
}
