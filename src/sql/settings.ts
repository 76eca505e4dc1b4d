import type { Statement } from '../database/database.ts';
import { quoteLiteral } from './identifiers.ts';

/** For the session. */
export function setSetting(name: string, value: string): Statement {
  return { text: `SET ${name} = ${quoteLiteral(value)}` };
}

export function resetSetting(name: string): Statement {
  return { text: `RESET ${name}` };
}
