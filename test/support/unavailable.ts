/** Why something that tests need cannot be had on this machine. */
export class Unavailable extends Error {}
