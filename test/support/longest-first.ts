import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take longer than they are long. */
const LONG = [
  'test/readme.test.ts',
  'test/exactly-once/kill.test.ts',
  'test/commands/ingest-around.test.ts',
  'test/commands/loads.test.ts',
  'test/exactly-once/lost-commit.test.ts',
  'test/operations/ingest/any-bytes.test.ts',
];

/** Begins with what takes longest, so that no worker is left alone with it at the end: else the larger files come first. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => LONG.some((name) => moduleId.endsWith(name));
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
