/**
 * Columns of a list as PostgreSQL reads them: array literals, §8.15.2 of its manual. The driver's own encoder asks of
 * each value what it is, which costs as much as booking it.
 */

/** Of numbers: anything but a whole number is refused by the database. */
export function numbers(values: readonly (number | null)[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`;
}

/** Of text, and of everything that comes from outside: no value can end its own quotes. */
export function texts(values: readonly (string | null)[]): string {
  let literal = '{';
  for (let place = 0; place < values.length; place++) {
    const value = values[place];
    if (place > 0) literal += ',';
    if (value === null || value === undefined) literal += 'NULL';
    else literal += `"${NEEDS_ESCAPE.test(value) ? value.replaceAll(EVERY_ESCAPE, '\\$&') : value}"`;
  }
  return `${literal}}`;
}

const NEEDS_ESCAPE = /["\\]/;
const EVERY_ESCAPE = /["\\]/g;
