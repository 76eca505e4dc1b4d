import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node';

/**
 * Says at the very end, alone on a line, how the run went: `812 passed, 0 failed, 3 skipped`, and before it why
 * anything was skipped. A file or a hook that fails outside of any test counts as one failure. A run in which
 * no test ran has failed.
 */
export class ClosingLine implements Reporter {
  #passed = 0;
  #failed = 0;
  #skipped = 0;
  readonly #reasons = new Map<string, number>();
  #ended = false;

  onInit(): void {
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
        else this.#skip(reasonOf(test));
      }
    }
  }

  #skip(reason: string): void {
    this.#skipped += 1;
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
  }

  #close(): void {
    const lines = [...this.#reasons].map(([reason, count]) => `SKIPPED ${count} of the tests: ${reason}\n`);
    if (!this.#ended) lines.push('The run ended before its tests did.\n');
    else if (this.#passed + this.#failed === 0) lines.push('No test ran.\n');
    if (this.#passed === 0 || !this.#ended) process.exitCode ||= 1;
    const skipped = this.#skipped > 0 ? `, ${this.#skipped} skipped` : '';
    process.stdout.write(`\n${lines.join('')}${this.#passed} passed, ${this.#failed} failed${skipped}\n`);
  }
}

function reasonOf(test: TestCase): string {
  const result = test.result();
  if (result.state === 'skipped' && result.note) return result.note;
  const { server } = test.project.getProvidedContext();
  return server?.missing ?? server?.noOwn ?? 'marked so in the test';
}
