import { checkAround } from './around/around-load.ts';
import { checkExpectations } from './expectations.ts';
import type { IngestOptions } from './ingest-options.ts';
import { checkLedger } from './known-loads.ts';
import { checkRejects } from './rejects.ts';
import { checkKey } from './target.ts';

/**
 * What can be said against a load before its database is opened, or made.
 * @throws UsageError where options do not go together
 */
export function checkOptions(options: Omit<IngestOptions, 'table'>, inputs: number): void {
  checkExpectations(options, inputs);
  checkRejects(options);
  checkLedger(options);
  checkKey(options);
  checkAround(options, options.ledger !== false);
}
