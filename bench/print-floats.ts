import { longestFloat, printFloats, printPlainly } from '../src/vector/print-floats.ts';
import { rounds } from './arguments.ts';
import { generator } from './corpus.ts';
import { median } from './turns.ts';

// How fast float32s become text, in processor time: as embeddings have them, and of random bits.

const [count, dimensions] = [768 * 2000, 768];
const random = generator(42);
const sum = (n: number) => Array.from({ length: n }, random).reduce((a, b) => a + b);
const numbers = {
  'of an embedding': Float32Array.from({ length: count }, () => (sum(6) - 3) / 20),
  'of random bits': new Float32Array(Uint32Array.from({ length: count }, () => random() * 0x7f800000).buffer),
};

const out = new Uint8Array(dimensions * (longestFloat + 1));

type Print = (values: Float32Array, from: number, to: number) => void;
const ways: Record<string, Print> = {
  'by WebAssembly': (values, from, to) => printFloats(values, from, to, out, 0),
  'its plain twin': (values, from, to) => printPlainly(values, from, to, out, 0),
  'Number.toString, which takes float32s for doubles': (values, from, to) => {
    Buffer.from(out.buffer).write(values.subarray(from, to).join(), 'latin1');
  },
};

for (const [kind, values] of Object.entries(numbers)) {
  const nanoseconds = new Map(Object.keys(ways).map((way) => [way, [] as number[]]));
  for (let round = 0; round < rounds(); round++) {
    for (const [way, print] of Object.entries(ways)) {
      const before = process.cpuUsage();
      for (let from = 0; from < count; from += dimensions) print(values, from, from + dimensions);
      nanoseconds.get(way)!.push((process.cpuUsage(before).user * 1000) / count);
    }
  }
  for (const [way, each] of nanoseconds) {
    const typical = median(each);
    const rate = (1000 / typical).toFixed(1);
    process.stdout.write(`| ${kind}, ${way} | ${typical.toFixed(1)} ns | ${rate} million a second |\n`);
  }
}
