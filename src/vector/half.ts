const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/**
 * A float32 as IEEE 754 binary16, to nearest, ties to even, as pgvector's Float4ToHalf does it.
 * @returns the 16-bit pattern; 0x7c00 or 0xfc00 (infinity) from 65,520 on
 */
export function floatToHalf(value: number): number {
  float[0] = value;
  const pattern = bits[0]!;
  const sign = (pattern >>> 16) & 0x8000;
  const magnitude = pattern & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) {
    // Normal: rebias the exponent (127 to 15), round the 13 bits that go.
    const rounded = magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1);
    return sign | (rounded >>> 13);
  }
  if (magnitude < 0x33000000) return sign;
  // Subnormal: a multiple of 2^-24, ties to even.
  const scaled = Math.abs(value) * 2 ** 24;
  const floor = Math.floor(scaled);
  const rest = scaled - floor;
  return sign | (rest > 0.5 || (rest === 0.5 && (floor & 1) === 1) ? floor + 1 : floor);
}

/** An IEEE 754 binary16 pattern as a number; exact. */
export function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

let floats: Float32Array | undefined;

/** Every binary16 pattern's value; made when it is first asked for. */
export function halfFloats(): Float32Array {
  floats ??= Float32Array.from({ length: 2 ** 16 }, (_, pattern) => halfToFloat(pattern));
  return floats;
}
