/** JSON as it came over the wire: nothing is known of it yet. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** What stands at `entries.0.amount`; undefined where nothing does. */
export function at(json: Json | undefined, path: string): Json | undefined {
  return path.split('.').reduce<Json | undefined>((value, key) => {
    if (Array.isArray(value)) return (value as readonly Json[])[Number(key)];
    return isObject(value) ? value[key] : undefined;
  }, json);
}

export function textAt(json: Json | undefined, path: string): string {
  const value = at(json, path);
  if (typeof value !== 'string') throw new Error(`no text at ${path} of ${JSON.stringify(json)}`);
  return value;
}

export function numberAt(json: Json | undefined, path: string): number {
  const value = at(json, path);
  if (typeof value !== 'number') throw new Error(`no number at ${path} of ${JSON.stringify(json)}`);
  return value;
}

export function listAt(json: Json | undefined, path: string): readonly Json[] {
  const value = at(json, path);
  if (!Array.isArray(value)) throw new Error(`no list at ${path} of ${JSON.stringify(json)}`);
  return value as readonly Json[];
}

/** The text at a path, whatever else stands there being none. */
export function saidAt(json: Json | undefined, path: string): string {
  const value = at(json, path);
  return typeof value === 'string' ? value : '';
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
