/** 1234567 → `1,234,567`. */
export function count(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 row`, `2,000 rows`. */
export function counted(value: number, noun: string, plural = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : plural}`;
}

const byteUnits = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** Bytes in PostgreSQL's own units, where 1 kB is 1024 bytes: `512 bytes`, `1.5 kB`, `490 MB`. */
export function bytes(value: number): string {
  const power = value < 1024 ? 0 : Math.min(byteUnits.length - 1, Math.floor(Math.log2(value) / 10));
  return `${shortened(value / 1024 ** power)} ${byteUnits[power]}`;
}

/** Seconds: `0.83 s`, `12.3 s`, `1 min 05 s`, `2 h 03 min`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${twoDigits(whole % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} min`;
}

/** Rows a second: `4,065 rows/s`. */
export function rowRate(rows: number, seconds: number): string {
  return `${count(rows / Math.max(seconds, 1e-3))} rows/s`;
}

/** Bytes a second: `38.2 MB/s`. */
export function byteRate(amount: number, seconds: number): string {
  return `${bytes(amount / Math.max(seconds, 1e-3))}/s`;
}

function shortened(value: number): string {
  return value < 99.95 && !Number.isInteger(value) ? value.toFixed(1) : count(value);
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
