import { at, isObject, type Json, type JsonObject } from './json.ts';

/**
 * The part of JSON Schema 2020-12 that the published document uses. A keyword that is not known here is a fault of this
 * file, and thrown: nothing is waved through.
 */
type Check = (value: Json, wanted: Json, schema: JsonObject) => boolean;

const ANNOTATIONS = new Set([
  'title',
  'description',
  'default',
  'example',
  'examples',
  'deprecated',
  '$comment',
  'discriminator',
  'contentMediaType',
]);

const formats: Readonly<Record<string, (text: string) => boolean>> = {
  'date-time': (text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text) && isTime(text),
  date: (text) => /^\d{4}-\d\d-\d\d$/.test(text) && isTime(text),
  uri: (text) => URL.canParse(text),
};

const checks: Readonly<Record<string, Check>> = {
  type: (value, wanted) => listOf(wanted).some((type) => isOfType(value, type)),
  const: (value, wanted) => isSame(value, wanted),
  enum: (value, wanted) => listOf(wanted).some((one) => isSame(value, one)),
  minimum: (value, wanted) => typeof value !== 'number' || value >= Number(wanted),
  maximum: (value, wanted) => typeof value !== 'number' || value <= Number(wanted),
  exclusiveMinimum: (value, wanted) => typeof value !== 'number' || value > Number(wanted),
  exclusiveMaximum: (value, wanted) => typeof value !== 'number' || value < Number(wanted),
  minLength: (value, wanted) => typeof value !== 'string' || Array.from(value).length >= Number(wanted),
  maxLength: (value, wanted) => typeof value !== 'string' || Array.from(value).length <= Number(wanted),
  pattern: (value, wanted) => typeof value !== 'string' || new RegExp(textOf(wanted), 'u').test(value),
  format: (value, wanted) => {
    const isRight = formats[textOf(wanted)];
    // Formats of our own names come with a pattern, which is checked; only these are the standard's.
    return typeof value !== 'string' || isRight === undefined || isRight(value);
  },
  contentEncoding: (value, wanted) =>
    typeof value !== 'string' || wanted !== 'base64url' || /^[A-Za-z0-9_-]*$/.test(value),
  minItems: (value, wanted) => !Array.isArray(value) || value.length >= Number(wanted),
  maxItems: (value, wanted) => !Array.isArray(value) || value.length <= Number(wanted),
  required: (value, wanted) => !isObject(value) || listOf(wanted).every((key) => textOf(key) in value),
};

/**
 * What is wrong with a value, each as `where: what`.
 *
 * @param document in which `$ref` is looked up
 * @param isRequest whether a caller sends it: then what is `readOnly` must not be there (OpenAPI 3.1, JSON Schema §9.4)
 */
export function faultsOf(schema: Json | undefined, value: Json, document: Json, isRequest: boolean): string[] {
  return walk(schema, value, 'body', { document, isRequest });
}

interface Context {
  readonly document: Json;
  readonly isRequest: boolean;
}

function walk(schema: Json | undefined, value: Json, where: string, context: Context): string[] {
  if (schema === true) return [];
  if (!isObject(schema)) return [`${where}: no schema allows it`];
  return Object.entries(schema).flatMap(([keyword, wanted]): string[] => {
    if (ANNOTATIONS.has(keyword)) return [];
    const check = checks[keyword];
    if (check !== undefined) return check(value, wanted, schema) ? [] : [`${where}: ${keyword}`];
    return walkInto(keyword, wanted, { schema, value, where, context });
  });
}

interface Place {
  readonly schema: JsonObject;
  readonly value: Json;
  readonly where: string;
  readonly context: Context;
}

function walkInto(keyword: string, wanted: Json, { schema, value, where, context }: Place): string[] {
  const inside = (child: Json | undefined, part: Json, key: string): string[] =>
    walk(child, part, `${where}.${key}`, context);
  switch (keyword) {
    case '$ref': {
      const path = textOf(wanted).replace('#/', '').replaceAll('/', '.');
      return walk(at(context.document, path), value, where, context);
    }
    case 'readOnly':
      return wanted === true && context.isRequest ? [`${where}: is readOnly, and yet it is wanted in a request`] : [];
    case 'allOf':
      return listOf(wanted).flatMap((one) => walk(one, value, where, context));
    case 'anyOf':
    case 'oneOf': {
      const tries = listOf(wanted).map((one) => walk(one, value, where, context));
      const fitting = tries.filter((faults) => faults.length === 0).length;
      if (fitting === 1 || (keyword === 'anyOf' && fitting > 1)) return [];
      return [`${where}: ${keyword} fits ${fitting} (${tries.map((faults) => faults.join(', ')).join(' | ')})`];
    }
    case 'properties':
      if (!isObject(value)) return [];
      return Object.entries(wanted as JsonObject).flatMap(([key, child]) => {
        const part = value[key];
        return part === undefined ? [] : inside(child, part, key);
      });
    case 'additionalProperties': {
      if (!isObject(value)) return [];
      const known = Object.keys((schema['properties'] ?? {}) as JsonObject);
      const others = Object.entries(value).filter(([key]) => !known.includes(key));
      return others.flatMap(([key, part]) =>
        wanted === false ? [`${where}.${key}: extra`] : inside(wanted, part, key),
      );
    }
    case 'propertyNames':
      return isObject(value) ? Object.keys(value).flatMap((key) => inside(wanted, key, `${key}~`)) : [];
    case 'items':
      return Array.isArray(value)
        ? (value as Json[]).flatMap((part, index) => inside(wanted, part, String(index)))
        : [];
    default:
      throw new Error(`the published document has a keyword that this reader does not know: ${keyword}`);
  }
}

function isOfType(value: Json, type: Json): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'integer':
      return Number.isInteger(value);
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    default:
      return typeof value === type;
  }
}

/** A list, or a list of one. */
function listOf(value: Json): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [value];
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : '';
}

function isSame(one: Json, other: Json): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function isTime(text: string): boolean {
  return !Number.isNaN(Date.parse(text));
}
