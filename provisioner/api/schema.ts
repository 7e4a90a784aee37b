/** As much of JSON Schema (2020-12) as our documents need: it is checked here, and shown in the OpenAPI document. */
export type Schema =
  | { readonly type: "string"; readonly enum?: readonly string[]; readonly description?: string }
  | { readonly type: "integer"; readonly minimum?: number; readonly description?: string }
  | { readonly type: "number"; readonly description?: string }
  | { readonly type: "boolean"; readonly description?: string }
  | { readonly type: "array"; readonly items: Schema; readonly description?: string }
  | ObjectSchema
  /** Told apart by a text that only one of them takes: their `kind`. */
  | { readonly oneOf: readonly ObjectSchema[] }
  | { readonly anyOf: readonly [Schema, { readonly type: "null" }] }
  | { readonly $ref: string };

export interface ObjectSchema {
  readonly type: "object";
  readonly properties: Readonly<Record<string, Schema>>;
  /** All of them, unless told. */
  readonly required?: readonly string[];
  /** Whether there may be others, or what they must be. */
  readonly additionalProperties: boolean | Schema;
  readonly description?: string;
}

export const TEXT: Schema = { type: "string" };
export const NUMBER: Schema = { type: "number" };
export const TEXTS: Schema = { type: "array", items: TEXT };

export function orNull(schema: Schema): Schema {
  return { anyOf: [schema, { type: "null" }] };
}

export function oneWord(...words: readonly string[]): Schema {
  return { type: "string", enum: words };
}

/** An object of these fields and no others; those named `optional` may be missing. */
export function fields(
  properties: Readonly<Record<string, Schema>>,
  optional: Readonly<Record<string, Schema>> = {},
): ObjectSchema {
  return {
    type: "object",
    properties: { ...properties, ...optional },
    required: Object.keys(properties),
    additionalProperties: false,
  };
}

export function reference(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

type Named = Readonly<Record<string, Schema>>;

/** What is wrong with a value, as `field: what`; undefined when nothing is. */
export function findMismatch(schema: Schema, value: unknown, named: Named, at = ""): string | undefined {
  if ("$ref" in schema) return findMismatch(resolve(schema.$ref, named), value, named, at);
  if ("anyOf" in schema) return value === null ? undefined : findMismatch(schema.anyOf[0], value, named, at);
  if ("oneOf" in schema) return findMismatchOfKind(schema.oneOf, value, named, at);
  const wrong = complain(schema, value);
  if (wrong !== undefined) return `${at === "" ? "body" : at}: ${wrong}`;
  if (schema.type === "object") return findMismatchInside(schema, value as Fields, named, at);
  if (schema.type !== "array") return undefined;
  const items = value as readonly unknown[];
  return firstOf(items.map((each, index) => findMismatch(schema.items, each, named, `${at}[${index}]`)));
}

type Fields = Readonly<Record<string, unknown>>;

/** What it is not, of its own type. */
function complain(
  schema: Exclude<Schema, { $ref: string } | { anyOf: unknown } | { oneOf: unknown }>,
  value: unknown,
): string | undefined {
  switch (schema.type) {
    case "object":
      return isObject(value) ? undefined : "must be an object";
    case "array":
      return Array.isArray(value) ? undefined : "must be a list";
    case "string":
      return complainOfText(schema.enum, value);
    case "integer": {
      const { minimum = Number.NEGATIVE_INFINITY } = schema;
      if (Number.isSafeInteger(value) && Number(value) >= minimum) return undefined;
      return Number.isFinite(minimum)
        ? `must be a whole number of ${minimum} or more`
        : "must be a whole number";
    }
    case "number":
    case "boolean":
      return typeof value === schema.type ? undefined : `must be a ${schema.type}`;
  }
}

function complainOfText(words: readonly string[] | undefined, value: unknown): string | undefined {
  if (typeof value !== "string") return "must be a text";
  return words === undefined || words.includes(value) ? undefined : `must be one of ${words.join(", ")}`;
}

function findMismatchInside(
  { properties, required = Object.keys(properties), additionalProperties: others }: ObjectSchema,
  value: Fields,
  named: Named,
  at: string,
): string | undefined {
  const inside = (name: string): string => (at === "" ? name : `${at}.${name}`);
  const missing = required.find((name) => value[name] === undefined);
  if (missing !== undefined) return `${inside(missing)}: is missing`;
  return firstOf(
    Object.entries(value).map(([name, each]) => {
      const schema = Object.hasOwn(properties, name) ? properties[name] : others;
      if (schema === true || each === undefined) return undefined;
      if (schema === undefined || schema === false) return `${inside(name)}: no such field`;
      return findMismatch(schema, each, named, inside(name));
    }),
  );
}

/** Complains of the one that was meant. */
function findMismatchOfKind(
  variants: readonly ObjectSchema[],
  value: unknown,
  named: Named,
  at: string,
): string | undefined {
  const words = (variant: ObjectSchema): readonly string[] => {
    const kind = variant.properties.kind ?? variant.properties.event;
    return kind !== undefined && "enum" in kind ? (kind.enum ?? []) : [];
  };
  const word = isObject(value) ? String(value.kind ?? value.event) : "";
  const meant = variants.find((variant) => words(variant).includes(word));
  if (meant !== undefined) return findMismatch(meant, value, named, at);
  return `${at === "" ? "" : `${at}.`}kind: must be one of ${variants.flatMap(words).join(", ")}`;
}

function resolve(ref: string, named: Named): Schema {
  const found = named[ref.slice(ref.lastIndexOf("/") + 1)];
  if (found === undefined) throw new Error(`BUG: no schema ${ref}`);
  return found;
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function firstOf(complaints: readonly (string | undefined)[]): string | undefined {
  return complaints.find((each) => each !== undefined);
}
