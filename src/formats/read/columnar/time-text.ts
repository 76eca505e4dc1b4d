import type { FieldType } from './field-type.ts';

const dayInSeconds = 86_400n;

/** Days since 1970 as PostgreSQL reads a date: `2024-02-29`, `0044-03-15 BC`. */
export function dateText(days: number): string {
  const { date, era } = dateParts(days);
  return date + era;
}

/** Units of 10^-digits seconds since midnight: `12:30:00.25`. */
export function timeText(value: bigint, digits: number): string {
  const unit = 10n ** BigInt(digits);
  const seconds = Number(value / unit);
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const fraction = digits === 0 ? '' : `.${String(value % unit).padStart(digits, '0')}`;
  return clock.map((part) => String(part).padStart(2, '0')).join(':') + fraction.replace(/\.?0*$/, '');
}

/** Units of 10^-digits seconds since 1970: `2024-02-29 12:30:00.25`, with `+00` behind it where it is UTC's. */
export function timestampText(value: bigint, { digits, zone }: FieldType & { kind: 'timestamp' }): string {
  const day = dayInSeconds * 10n ** BigInt(digits);
  const within = ((value % day) + day) % day;
  const { date, era } = dateParts(Number((value - within) / day));
  return `${date} ${timeText(within, digits)}${zone ? '+00' : ''}${era}`;
}

/** Units of 10^-digits seconds as PostgreSQL reads an interval. */
export function durationText(value: bigint, digits: number): string {
  const unit = 10n ** BigInt(digits);
  const magnitude = value < 0n ? -value : value;
  const fraction = digits === 0 ? '' : `.${String(magnitude % unit).padStart(digits, '0')}`;
  return `${value < 0n ? '-' : ''}${magnitude / unit}${fraction} seconds`;
}

/** An interval's parts, little-endian. */
export function intervalText(bytes: Uint8Array, { parts }: FieldType & { kind: 'interval' }): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const part = (at: number) => view.getInt32(at, true);
  switch (parts) {
    case 'months':
      return `${part(0)} months`;
    case 'days-milliseconds':
      return `${part(0)} days ${part(4)} milliseconds`;
    case 'months-days-milliseconds':
      return `${part(0)} months ${part(4)} days ${view.getUint32(8, true)} milliseconds`;
    default:
      return `${part(0)} months ${part(4)} days ${durationText(view.getBigInt64(8, true), 9)}`;
  }
}

/** The proleptic Gregorian calendar, counted in eras of 400 years from 0000-03-01 on. */
function dateParts(days: number): { date: string; era: string } {
  const shifted = days + 719_468;
  const cycle = Math.floor(shifted / 146_097);
  const dayOfCycle = shifted - cycle * 146_097;
  const yearOfCycle = Math.floor(
    (dayOfCycle -
      Math.floor(dayOfCycle / 1460) +
      Math.floor(dayOfCycle / 36_524) -
      Math.floor(dayOfCycle / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfCycle - (365 * yearOfCycle + Math.floor(yearOfCycle / 4) - Math.floor(yearOfCycle / 100));
  const march = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * march + 2) / 5) + 1;
  const month = march < 10 ? march + 3 : march - 9;
  const year = yearOfCycle + cycle * 400 + (month <= 2 ? 1 : 0);
  const shown = year <= 0 ? 1 - year : year;
  const date = `${String(shown).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
  return { date, era: year <= 0 ? ' BC' : '' };
}
