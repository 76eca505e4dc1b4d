/** What a plot is drawn with, besides its lines. */
export interface Glyphs {
  /** One a series, in turn. */
  points: readonly string[];
  best: string;
  current: string;
  target: string;
  /** Ends a name that was cut. */
  cut: string;
  side: string;
  sideTick: string;
  corner: string;
  bottom: string;
  bottomTick: string;
}

export const unicodeGlyphs: Glyphs = {
  points: ['●', '■', '▲', '▼', '○', '□', '△', '▽'],
  best: '◆',
  current: '◇',
  target: '╌',
  cut: '…',
  side: '│',
  sideTick: '┤',
  corner: '└',
  bottom: '─',
  bottomTick: '┬',
};

export const asciiGlyphs: Glyphs = {
  points: ['o', 'x', '#', '%', '&', '=', 's', 'v'],
  best: '*',
  current: '@',
  target: '-',
  cut: '.',
  side: '|',
  sideTick: '+',
  corner: '+',
  bottom: '-',
  bottomTick: '+',
};
