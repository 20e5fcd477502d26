/** A query with its values bound. The text is constant for each place in the code, so its statement is kept. */
export interface Query {
  readonly text: string;
  readonly values: readonly SqlValue[];
}

export type SqlValue = string | number | bigint | null | Uint8Array;

/** Writes SQL as SQL: every `${value}` becomes a bound parameter. */
export function sql(strings: TemplateStringsArray, ...values: readonly SqlValue[]): Query {
  return { text: strings.join('?'), values };
}
