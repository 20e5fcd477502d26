/** A run of characters that all take one column, or all take two. */
export interface Run {
  readonly text: string;
  readonly isWide: boolean;
}

/** East Asian wide and full-width forms (UAX #11), as far as a receipt prints them. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff01-\uff60\uffe0-\uffe6]+/g;

export function cellsOf(text: string): Run[] {
  const runs: Run[] = [];
  let at = 0;
  for (const match of text.matchAll(wide)) {
    if (match.index > at) runs.push({ text: text.slice(at, match.index), isWide: false });
    runs.push({ text: match[0], isWide: true });
    at = match.index + match[0].length;
  }
  if (at < text.length) runs.push({ text: text.slice(at), isWide: false });
  return runs;
}
