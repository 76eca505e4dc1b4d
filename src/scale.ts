/** Where numbers stand along an axis, and which of them are written beside it. */
export interface Scale {
  /** The place of a value between the axis's ends: 0 is the low one, 1 the high one. Others are pushed to an end. */
  at(value: number): number;
  /** Round values between the ends, in ascending order. */
  readonly ticks: readonly Tick[];
}

export interface Tick {
  value: number;
  label: string;
}

/**
 * Times, or whatever else is compared by its ratios: a logarithmic axis that holds all values and a little more.
 * @param values positive, at least one
 * @param most how many ticks there is room for, 3 or more
 */
export function ratioScale(values: readonly number[], most: number): Scale {
  const [least, largest] = [Math.min(...values), Math.max(...values)];
  const ratio = largest / least;
  // Values that are all alike stand in the middle of something.
  const margin = ratio < 1.5 ? 1.25 : Math.max(1.05, ratio ** 0.04);
  const [low, high] = [least / margin, largest * margin];
  const span = Math.log(high / low);
  return {
    at: (value) => between0and1(Math.log(value / low) / span),
    ticks: ratioTicks(low, high, most),
  };
}

/**
 * Recall: an axis up to 1 that is stretched towards it, because from 0.95 to 0.97 is further than from 0.55 to 0.57.
 * It is logarithmic in what is missed, `1 − recall`, counted from as much as the target lets be missed.
 * @param values from 0 to 1, at least one; the axis begins a little below the least
 * @param most how many ticks there is room for, 3 or more
 */
export function recallScale(values: readonly number[], target: number, most: number): Scale {
  const least = Math.min(0.99, target, ...values);
  const low = Math.max(0, least - 0.1 * (1 - least));
  const allowed = Math.max(0.005, 1 - target);
  const missed = (recall: number) => Math.log(1 - Math.min(1, recall) + allowed);
  const [first, span] = [missed(low), missed(low) - missed(1)];
  const at = (recall: number) => between0and1((first - missed(recall)) / span);
  const chosen: number[] = [];
  for (const value of roundRecalls) {
    if (value >= low && chosen.every((other) => Math.abs(at(other) - at(value)) >= 1 / most))
      chosen.push(value);
  }
  return { at, ticks: withDecimals(chosen.sort((a, b) => a - b)) };
}

/** The roundest first. */
const roundRecalls = [
  1, 0.9, 0.5, 0.99, 0.95, 0.8, 0, 0.98, 0.7, 0.6, 0.999, 0.995, 0.97, 0.96, 0.3, 0.1, 0.4, 0.2, 0.85, 0.75,
  0.94, 0.92, 0.985,
];

/** 1, 2 and 5 times the powers of ten, or fewer where that is too many; in a narrow range evenly spaced ones. */
function ratioTicks(low: number, high: number, most: number): Tick[] {
  if (high / low < 5) return linearTicks(low, high, most);
  const powers = range(Math.floor(Math.log10(low)), Math.ceil(Math.log10(high)));
  for (let every = 1; ; every++) {
    for (const factors of every === 1 ? [[1, 2, 5], [1, 3], [1]] : [[1]]) {
      const values = powers
        .filter((power) => power % every === 0)
        .flatMap((power) => factors.map((factor) => times10(factor, power)))
        .filter((value) => value >= low && value <= high);
      if (values.length <= most) return values.map((value) => ({ value, label: String(value) }));
    }
  }
}

/** Multiples of 1, 2 or 5 times a power of ten, the smallest step of which there is room for. */
function linearTicks(low: number, high: number, most: number): Tick[] {
  const rough = (high - low) / most;
  const power = Math.floor(Math.log10(rough));
  const factor = [1, 2, 5].find((each) => rough <= each * 10 ** power) ?? 10;
  const step = times10(factor, power);
  return withDecimals(
    range(Math.ceil(low / step), Math.floor(high / step)).map((multiple) =>
      times10(multiple * factor, power),
    ),
  );
}

/** Labels with as many decimals as the value that needs most: 0.90, 0.95, 1.00. */
function withDecimals(values: readonly number[]): Tick[] {
  const decimals = Math.max(0, ...values.map((value) => (String(value).split('.')[1] ?? '').length));
  return values.map((value) => ({ value, label: value.toFixed(decimals) }));
}

/** Without the error that a multiplication by 10⁻³ has. */
function times10(factor: number, power: number): number {
  return Number(`${factor}e${power}`);
}

function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}

function between0and1(value: number): number {
  return Math.min(1, Math.max(0, value));
}
