import { afterAll } from 'vitest';
import { cleanUpFile } from './afterwards.ts';

// Runs for each test file, whether or not its process has run others before.
afterAll(cleanUpFile);
