import { afterAll, beforeAll } from 'vitest';
import { cleanUpFile } from './afterwards.ts';
import { keepCode } from './kept-code.ts';

// Runs for each test file, whether or not its process has run others before.
beforeAll(keepCode);
afterAll(cleanUpFile);
