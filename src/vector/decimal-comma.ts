/** A number written with a decimal comma: `-0,081`. It may be meant otherwise, as `1,828`. */
export const decimalComma = /^\s*[+-]?\d+,\d+\s*$/;

/** What to do about numbers with decimal commas. */
export const decimalCommaHint =
  "decimal commas are not read: write the file with points (a spreadsheet does so in an English locale), or turn them into points; where ; stands between the fields, `sed 's/,/./g'` does";
