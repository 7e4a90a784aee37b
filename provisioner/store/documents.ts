import { PlimsollError } from "../../core/runtime/errors.ts";
import type { Entry, Store } from "./types.ts";

/** A document that is not what it must be: it is named, nothing is guessed, nothing is overwritten. */
export function damaged(storeName: string, key: string, what: string): PlimsollError {
  return new PlimsollError("STORE_DAMAGED", `store ${storeName}: ${key}: ${what}`, {
    hint: "damaged, or written by a newer version",
  });
}

/** The text of a stored document → its value. */
export function parseDocument(storeName: string, key: string, text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    throw damaged(storeName, key, "not valid JSON");
  }
}

/** The fields of one document, each read with the type it must have. Throws `STORE_DAMAGED` naming document and field. */
export class Fields {
  readonly #fail: (what: string) => never;
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(store: Pick<Store, "name">, { key, value }: Pick<Entry, "key" | "value">) {
    this.#fail = (what) => {
      throw damaged(store.name, key, what);
    };
    if (typeof value !== "object" || value === null || Array.isArray(value)) this.#fail("not an object");
    this.#values = value as Readonly<Record<string, unknown>>;
  }

  text(name: string): string {
    const value = this.#values[name];
    return typeof value === "string" ? value : this.#unfit(name, "a text");
  }

  optionalText(name: string): string | undefined {
    return this.#values[name] === undefined ? undefined : this.text(name);
  }

  texts(name: string): readonly string[] {
    const value = this.#values[name];
    const isList = Array.isArray(value) && value.every((each) => typeof each === "string");
    return isList ? value : this.#unfit(name, "a list of texts");
  }

  /** A whole number of `min` or more. */
  integer(name: string, min: number): number {
    const value = this.#values[name];
    const fits = typeof value === "number" && Number.isSafeInteger(value) && value >= min;
    return fits ? value : this.#unfit(name, `a whole number of ${min} or more`);
  }

  choice<T extends string>(name: string, choices: readonly T[]): T {
    const value = this.text(name);
    return choices.find((each) => each === value) ?? this.#unfit(name, `one of ${choices.join(", ")}`);
  }

  /** What `parse` makes of a text; undefined from it, or its throwing, is damage. */
  parsed<T>(name: string, wanted: string, parse: (text: string) => T | undefined): T {
    return parse(this.text(name)) ?? this.#unfit(name, wanted);
  }

  #unfit(name: string, wanted: string): never {
    return this.#fail(`${name}: ${JSON.stringify(this.#values[name]) ?? "nothing"} is not ${wanted}`);
  }
}
