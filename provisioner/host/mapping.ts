import { isAbsolute } from "node:path";
import { UsageError } from "../../core/runtime/errors.ts";
import type { EntryKey } from "../../core/runtime/json-places.ts";

/** What a message begins with: the file's name, or the place in it that keys lead to. */
export type Where = string | ((...keys: readonly EntryKey[]) => string);

/** A mapping of a configuration file. What is not as it must be is a UsageError that names file and option. */
export class Mapping<Key extends string> {
  readonly #where: Where;
  readonly #way: readonly EntryKey[];
  readonly #prefix: string;
  readonly #values: Readonly<Record<string, unknown>>;

  /** `path` leads to this mapping, from the file's top: `storage.thin`. */
  constructor(
    where: Where,
    path: string,
    values: unknown,
    keys: readonly Key[],
    way: readonly EntryKey[] = [],
  ) {
    this.#where = where;
    this.#way = way;
    this.#prefix = path === "" ? "" : `${path}.`;
    if (typeof values !== "object" || values === null || Array.isArray(values))
      throw new UsageError(`${this.#placeOf()}: ${path}: must be a mapping`);
    this.#values = values as Readonly<Record<string, unknown>>;
    const unknown = Object.keys(values).find((key) => !keys.some((known) => known === key));
    if (unknown !== undefined)
      throw new UsageError(
        `${this.#placeOf(unknown)}: unknown option ${JSON.stringify(this.#prefix + unknown)}`,
        {
          hint: `known are ${keys.join(", ")}`,
        },
      );
  }

  /** What messages call an option. */
  nameOf(key: Key, ...entry: readonly EntryKey[]): string {
    return `${this.#placeOf(key, ...entry)}: ${this.#prefix}${key}`;
  }

  /** `entry`: which of a list it is. */
  refuse(key: Key, what: string, entry?: EntryKey): never {
    const way = entry === undefined ? [] : [entry];
    throw new UsageError(`${this.nameOf(key, ...way)}: ${what}`);
  }

  optionalText(key: Key): string | undefined {
    const value = this.#values[key];
    if (value === undefined) return undefined;
    return typeof value === "string" && value !== "" ? value : this.refuse(key, "must be a text");
  }

  text(key: Key, preset?: string): string {
    return this.optionalText(key) ?? preset ?? this.refuse(key, "is needed");
  }

  /** A path from the root on. */
  path(key: Key, preset?: string): string {
    const path = this.text(key, preset);
    return isAbsolute(path) ? path : this.refuse(key, `${JSON.stringify(path)} does not begin with /`);
  }

  /** `http://…` or `https://…`. */
  url(key: Key): string {
    const url = this.text(key);
    if (/^https?:\/\//.test(url) && URL.canParse(url)) return url;
    return this.refuse(key, `${JSON.stringify(url)} is not http[s]://…`);
  }

  /** One text, or a list of them; none when it is not there. */
  texts(key: Key, what = "texts"): readonly string[] {
    return this.#list(key).map((each, at) =>
      typeof each === "string" && each !== "" ? each : this.refuse(key, `must be ${what}`, at),
    );
  }

  /** Whole ones. */
  numbers(key: Key, min: number, max: number): readonly number[] {
    return this.#list(key).map((each, at) => {
      const number = this.#number(key, each, min, max, at);
      return Number.isInteger(number) ? number : this.refuse(key, `${number} is no whole number`, at);
    });
  }

  number(key: Key, preset: number, min: number, max: number): number {
    const value = this.#values[key];
    return value === undefined ? preset : this.#number(key, value, min, max);
  }

  /** A mapping inside this one; undefined when it is not there. */
  mapping<Inner extends string>(key: Key, keys: readonly Inner[]): Mapping<Inner> | undefined {
    const value = this.#values[key];
    return value === undefined ? undefined : this.#inner(key, value, keys, key);
  }

  flag(key: Key, preset: boolean): boolean {
    const value = this.#values[key];
    if (value === undefined) return preset;
    return typeof value === "boolean" ? value : this.refuse(key, "must be true or false");
  }

  /** Mappings under names of their own: `rules: {a: {…}, b: {…}}`. */
  named<Inner extends string>(
    key: Key,
    keys: readonly Inner[],
  ): readonly (readonly [string, Mapping<Inner>])[] {
    const value = this.#values[key] ?? {};
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return this.refuse(key, "must be a mapping");
    return Object.entries(value).map(([name, inner]) => [
      name,
      this.#inner(`${key}.${name}`, inner, keys, key, name),
    ]);
  }

  /** Texts under names of their own: `labels: {owner: team}`; none when it is not there. */
  entries(key: Key): readonly (readonly [string, string])[] {
    const value = this.#values[key] ?? {};
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return this.refuse(key, "must be a mapping");
    return Object.entries(value).map(([name, text]) =>
      typeof text === "string" ? [name, text] : this.refuse(key, `${name}: must be a text, in quotes`),
    );
  }

  /** Mappings in a list; none when it is not there. */
  mappings<Inner extends string>(key: Key, keys: readonly Inner[]): readonly Mapping<Inner>[] {
    return this.#list(key).map((value, at) => this.#inner(`${key}[${at}]`, value, keys, key, at));
  }

  #inner<Inner extends string>(
    path: string,
    value: unknown,
    keys: readonly Inner[],
    ...way: readonly EntryKey[]
  ): Mapping<Inner> {
    return new Mapping(this.#where, this.#prefix + path, value, keys, [...this.#way, ...way]);
  }

  #placeOf(...keys: readonly EntryKey[]): string {
    return typeof this.#where === "string" ? this.#where : this.#where(...this.#way, ...keys);
  }

  #list(key: Key): readonly unknown[] {
    return [this.#values[key] ?? []].flat();
  }

  #number(key: Key, value: unknown, min: number, max: number, entry?: EntryKey): number {
    if (typeof value === "number" && value >= min && value <= max) return value;
    return this.refuse(key, `${JSON.stringify(value)} is not a number from ${min} to ${max}`, entry);
  }
}
