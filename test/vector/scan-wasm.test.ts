import { expect, test } from 'vitest';
import { scanFloats, scanPlainly } from '../../src/vector/scan.ts';
import { scanByWasm } from '../../src/vector/scan-wasm.ts';
import { decimals } from '../support/decimals.ts';

const close = ']'.charCodeAt(0);

/** What each road makes of `[…]`: the values' bit patterns, or the code. */
function roads(list: readonly string[]) {
  const text = Buffer.from(`[${list.join(',')}]`);
  const read = (scan: typeof scanFloats) => {
    const out = new Float32Array(list.length);
    const count = scan(text, 1, text.length, close, out, 0, list.length);
    return { count, patterns: count < 0 ? [] : [...new Uint32Array(out.buffer)] };
  };
  return { quick: read(scanByWasm), plain: read(scanPlainly), both: read(scanFloats) };
}

test('plain lists are read by WebAssembly, bit for bit as by its twin', () => {
  let quick = 0;
  const different = decimals(200_000, 7).filter((text) => {
    const read = roads([text, '0.5']);
    if (read.quick.count > 0) quick++;
    const same = (road: typeof read.plain) => JSON.stringify(road) === JSON.stringify(read.plain);
    return !same(read.both) || (read.quick.count > 0 && !same(read.quick));
  });
  expect(different).toEqual([]);
  expect(quick).toBeGreaterThan(50_000);
});

test('an embedding as models print it is never left to the twin', () => {
  const list = Array.from({ length: 1536 }, (_, i) => String(Math.fround(Math.sin(i) / 30)));
  expect(roads(list).quick.count).toBe(1536);
  expect(roads(list.map((text) => ` ${text}`)).quick.count).toBe(1536);
  expect(roads(list.map((text) => Number(text).toExponential(8))).quick.count).toBe(1536);
});

test('fractions of every length and either sign', () => {
  for (let digits = 0; digits <= 16; digits++) {
    for (const whole of ['', '-', '0', '-0', '7', '-9', '12']) {
      const list = [`${whole}.${'9071325486031472658'.slice(0, digits)}`, '0.5'];
      const { quick, plain } = roads(list);
      if (quick.count > 0) expect(quick, list[0]).toEqual(plain);
      if (digits > 0 && /\d/.test(whole)) expect(quick.count, list[0]).toBe(2);
    }
  }
});

test('no byte that stands where another belongs is overlooked', () => {
  const good = Buffer.from('[-0.0487123,0.25]');
  const read = (text: Buffer, scan: typeof scanFloats) => {
    const out = new Float32Array(8);
    const count = scan(text, 1, text.length, close, out, 0, 8);
    return count < 0 ? 'none' : [...new Uint32Array(out.buffer, 0, count)].join();
  };
  for (let at = 1; at < good.length; at++) {
    for (let byte = 0; byte < 256; byte++) {
      const text = Buffer.from(good);
      text[at] = byte;
      const quick = read(text, scanByWasm);
      if (quick !== 'none') expect(quick, text.toString('latin1')).toBe(read(text, scanPlainly));
    }
  }
});

test('what is longer than its memory was at first', () => {
  const list = Array.from({ length: 16_000 }, (_, i) => `0.${'0'.repeat(9)}${i + 1}`);
  expect(roads(list).quick).toEqual(roads(list).plain);
  expect(roads(list).quick.count).toBe(16_000);
});

test.each([
  '1,2',
  '1,2]]',
  '1,2],3]',
  '1,,2]',
  '1,2,]',
  ',1]',
  '1 2]',
  '1.5.5]',
  '--1]',
  '1e]',
  '0x10,1]',
  '1,2]x',
])('%s is no plain list', (text) => {
  const bytes = Buffer.from(text);
  expect(scanByWasm(bytes, 0, bytes.length, close, new Float32Array(9), 0, 9)).toBe(-1);
});

test('digits of the list before are not read on', () => {
  const out = new Float32Array(4);
  const long = Buffer.from('1,2,3,4]');
  expect(scanByWasm(long, 0, long.length, close, out, 0, 4)).toBe(4);
  expect(scanByWasm(long, 0, 3, close, out, 0, 4)).toBe(-1);
});
