/** A generator of 32-bit integers that gives the same ones in every run (xorshift32). */
export function randomIntegers(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

const view = new DataView(new ArrayBuffer(8));

/** The float32 of these bits. */
export function float32(pattern: number): number {
  view.setUint32(0, pattern);
  return view.getFloat32(0);
}

/** A finite float32 or float64 of random bits, NaN and infinities left out. */
function randomFloat32(random: () => number): number {
  for (;;) {
    const value = float32(random());
    if (Number.isFinite(value)) return value;
  }
}

function randomFloat64(random: () => number): number {
  for (;;) {
    view.setUint32(0, random());
    view.setUint32(4, random());
    const value = view.getFloat64(0);
    if (Number.isFinite(value)) return value;
  }
}

/** All decimal digits of a number m × 2^e (m below 2^53): no rounding. */
function exactDecimal(value: number): string {
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  let whole = Math.abs(value);
  let halvings = 0;
  while (!Number.isInteger(whole)) {
    whole *= 2;
    halvings++;
  }
  if (halvings === 0) return sign + BigInt(whole).toString();
  const digits = (BigInt(whole) * 5n ** BigInt(halvings)).toString().padStart(halvings + 1, '0');
  return `${sign}${digits.slice(0, -halvings)}.${digits.slice(-halvings)}`;
}

/**
 * The point half way between a float32 and the next one, to its last digit (up to 150 of them): as it is, a unit in
 * the last digit more or less, and cut off after some digits.
 */
function nearHalfWay(random: () => number): string {
  // Positive, up to the largest one, behind which the next would be 2^128.
  const pattern = random() % 0x7f800000;
  const lower = float32(pattern);
  const upper = pattern === 0x7f7fffff ? 2 ** 128 : float32(pattern + 1);
  const exact = exactDecimal(lower / 2 + upper / 2);
  const sign = random() % 2 ? '-' : '';
  const last = exact.length - 1;
  switch (random() % 5) {
    case 0:
      return sign + exact;
    case 1:
      return `${sign}${exact}${exact.includes('.') ? '' : '.'}${'0'.repeat(random() % 20)}1`;
    case 2:
      return sign + exact.slice(0, last) + String(Math.max(0, Number(exact[last]) - 1));
    case 3:
      return sign + scientific(exact, 1 + (random() % 60));
    default:
      return sign + scientific(exact, exact.length);
  }
}

/** `d.ddde±x` of a plain decimal, with at most so many digits, the rest cut off. */
function scientific(decimal: string, digits: number): string {
  const [whole = '', fraction = ''] = decimal.split('.');
  const all = whole + fraction;
  const first = all.search(/[1-9]/);
  if (first < 0) return '0e0';
  const shown = all.slice(first, first + digits);
  return `${shown[0]}.${shown.slice(1)}e${whole.length - 1 - first}`;
}

/** Digits as nobody planned them: long, with zeros in front, with any form of exponent. */
function oddSpelling(random: () => number): string {
  const digits = (most: number) =>
    Array.from({ length: random() % (most + 1) }, () => String(random() % 10)).join('');
  const whole = '0'.repeat((random() % 3) * (random() % 8)) + digits(random() % 4 === 0 ? 30 : 9);
  const fraction = random() % 5 === 0 ? '' : `.${'0'.repeat((random() % 3) * (random() % 15))}${digits(25)}`;
  const number = /\d/.test(whole + fraction) ? whole + fraction : `${random() % 10}${fraction}`;
  const sign = ['', '', '-', '+'][random() % 4];
  return `${sign}${number}${exponent(random)}`;
}

function exponent(random: () => number): string {
  if (random() % 2) return '';
  const zeros = '0'.repeat((random() % 2) * (random() % 4));
  return `${'eE'[random() % 2]}${['', '+', '-'][random() % 3]}${zeros}${random() % 46}`;
}

const kinds: readonly ((random: () => number) => string)[] = [
  (random) => String(randomFloat32(random)),
  (random) => randomFloat32(random).toPrecision(9),
  (random) => Math.fround((random() / 2 ** 32) * 2 - 1).toPrecision(1 + (random() % 17)),
  (random) => String((random() / 2 ** 32) * 2 - 1),
  (random) => ((random() / 2 ** 32 - 0.5) * 10 ** (random() % 40)).toFixed(random() % 20),
  (random) => scaled(randomFloat64(random), random).toPrecision(17),
  (random) => String(scaled(randomFloat64(random), random)),
  (random) => exactDecimal(float32(random() & 0x807fffff)), // subnormal
  nearHalfWay,
  nearHalfWay,
  oddSpelling,
];

/** A double's digits, brought into the range of float32. */
function scaled(value: number, random: () => number): number {
  const exponentOf = Math.floor(Math.log2(Math.abs(value) || 1));
  return (value / 2 ** exponentOf) * 2 ** ((random() % 277) - 149);
}

/** `count` decimal numbers, random and adversarial ones in turn; what float32 cannot hold may be among them. */
export function decimals(count: number, seed: number): string[] {
  const random = randomIntegers(seed);
  return Array.from({ length: count }, (_, i) => kinds[i % kinds.length]!(random));
}

/** The corners, by hand. */
export const cornerDecimals: readonly string[] = [
  ...[
    '0',
    '-0',
    '+0',
    '0.0',
    '.0',
    '0.',
    '00',
    '0e0',
    '0e99',
    '-0e-99',
    '.5',
    '5.',
    '+1',
    '1E+05',
    '1e-05',
    '1e005',
  ],
  ...[
    '1e00000000000000000000000000000001',
    '0.000000000000000000000000000000000000000000001',
    '00000000000000000001',
  ],
  exactDecimal(2 ** -149), // the smallest
  exactDecimal(2 ** -150), // half of it: to even, 0
  `${exactDecimal(2 ** -150)}1`,
  `${exactDecimal(2 ** -150).slice(0, -1)}4`,
  exactDecimal(2 ** -126), // the smallest normal
  exactDecimal(2 ** -126 - 2 ** -150),
  exactDecimal(2 ** -126 - 2 ** -149),
  exactDecimal((2 - 2 ** -23) * 2 ** 127), // the largest
  exactDecimal((2 - 2 ** -24) * 2 ** 127 - 2 ** 75),
  '340282356779733661637539395458142568447', // a unit below the half-way point to 2^128
  '340282356779733661637539395458142568447.9999999999999999',
  '16777217',
  '16777217.0000000000000000000000000000000000000000000000001',
  '16777216.9999999999999999999999999999999999999999999999999',
  `1${'0'.repeat(300)}e-300`,
  `0.${'0'.repeat(300)}1e301`,
  '1.00000005960464477539062500000000000000000000000000',
  '1.00000005960464477539062500000000000000000000000001',
  '1.00000005960464477539062499999999999999999999999999',
];
