/**
 * Strikes passwords out of a text that people will see: in URLs, in conninfo strings and in SQL.
 * The last net: what builds a message leaves the password out in the first place.
 */
export function redact(text: string): string {
  return text
    .replace(/([a-z][a-z0-9+.-]*:\/\/[^\s:/@?#]*):[^\s/?#]*@/gi, '$1:***@')
    .replace(/\b(password\s*=\s*)('(?:[^'\\]|\\.)*'|"[^"]*"|[^\s&'"]+)/gi, '$1***')
    .replace(/\b(password\s+)(E?'(?:[^']|'')*')/gi, "$1'***'");
}
