/** A text as a word of a command line that can be pasted into a shell: quoted where it needs that. */
export function shellWord(text: string): string {
  if (/^[\w./:@%+=,-]+$/.test(text)) return text;
  return /["$`\\!]/.test(text) || !text.includes("'") ? `'${text.replaceAll("'", "'\\''")}'` : `"${text}"`;
}
