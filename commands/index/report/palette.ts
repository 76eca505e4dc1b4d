/** The colours of the page, by light and dark. Text stands out by 4.5 to 1 at least, what is drawn by 3 to 1 (WCAG 2). */
export interface Palette {
  /** The page, and what stands on it. */
  page: string;
  card: string;
  /** Text, and text that matters less. */
  ink: string;
  muted: string;
  /** Lines that part and measure. */
  rule: string;
  /** What is recommended. */
  best: string;
  /** Behind what is recommended, and behind the Pareto front. */
  bestTint: string;
  tint: string;
  /** Of the curves, in turn; told apart by people who see fewer colours too, and by their shapes. */
  series: readonly [string, string, string, string, string, string, string];
}

export const light: Palette = {
  page: '#f6f7f9',
  card: '#ffffff',
  ink: '#1b1f24',
  muted: '#57606a',
  rule: '#dfe3e8',
  best: '#0a7048',
  bestTint: '#e7f5ee',
  tint: '#dbe7f5',
  series: ['#0b63b8', '#c04a00', '#8b3fa8', '#8a6400', '#00757f', '#5b6470', '#b5175f'],
};

export const dark: Palette = {
  page: '#0e1116',
  card: '#161b22',
  ink: '#e6e9ee',
  muted: '#9aa4b1',
  rule: '#2c333d',
  best: '#46d398',
  bestTint: '#12281f',
  tint: '#1d3049',
  series: ['#6bb1ff', '#ff9a55', '#d398f0', '#e0bf52', '#4ccfd6', '#aab3bf', '#ff8dbb'],
};
