import { availableParallelism } from 'node:os';

/** Lanes where the user does not say: as many as there are cores, and at most 4. */
export const defaultLanes = (): number => Math.min(4, availableParallelism());
