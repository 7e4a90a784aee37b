// {"push": ["a", {"url": 7}]}
//  ^1       ^10   ^16            ["push"] → 1, ["push", 0] → 10, ["push", 1, "url"] → 16

/** What an entry goes by: its name in a mapping, its number in a list. */
export type EntryKey = string | number;

const BLANKS = /[ \t\n\r]*/y;
const TEXT = /"(?:[^"\\]|\\.)*"/sy;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[Ee][+-]?\d+)?|true|false|null/y;

/** Where the entry begins that these keys lead to, or as much of the way as there is. */
export function findInJson(text: string, keys: readonly EntryKey[]): number {
  const { entries } = new JsonWalk(text);
  for (let length = keys.length; length > 0; length--) {
    const offset = entries.get(JSON.stringify(keys.slice(0, length)));
    if (offset !== undefined) return offset;
  }
  return 0;
}

/** Where a text stops being JSON; its end where it only goes on too short. */
export function findJsonMistake(text: string): number {
  return new JsonWalk(text).at;
}

/** From the beginning of a JSON text to its end, or to the first mistake. V8 says what is wrong, and not always where. */
class JsonWalk {
  readonly entries = new Map<string, number>();
  at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    if (this.#value([])) this.#skip(BLANKS);
  }

  #value(keys: readonly EntryKey[]): boolean {
    this.#skip(BLANKS);
    if (this.#takes("{")) return this.#members("}", () => this.#named(keys));
    let index = 0;
    if (this.#takes("[")) return this.#members("]", () => this.#entry([...keys, index++]));
    return this.#quoted() !== undefined || this.#skip(SCALAR);
  }

  #members(end: string, member: () => boolean): boolean {
    this.#skip(BLANKS);
    if (this.#takes(end)) return true;
    do {
      if (!member()) return false;
      this.#skip(BLANKS);
    } while (this.#takes(","));
    return this.#takes(end);
  }

  #named(keys: readonly EntryKey[]): boolean {
    this.#skip(BLANKS);
    const start = this.at;
    const name = this.#quoted();
    if (name === undefined) return false;
    const path = [...keys, name];
    this.entries.set(JSON.stringify(path), start);
    this.#skip(BLANKS);
    return this.#takes(":") && this.#value(path);
  }

  #entry(path: readonly EntryKey[]): boolean {
    this.#skip(BLANKS);
    this.entries.set(JSON.stringify(path), this.at);
    return this.#value(path);
  }

  /** What is within quotes: V8 knows best which signs and escapes may be there. */
  #quoted(): string | undefined {
    const start = this.at;
    if (!this.#skip(TEXT)) return undefined;
    try {
      return String(JSON.parse(this.#text.slice(start, this.at)));
    } catch {
      this.at = start;
      return undefined;
    }
  }

  #takes(sign: string): boolean {
    if (this.#text[this.at] !== sign) return false;
    this.at += 1;
    return true;
  }

  /** Whether something of the kind was there. */
  #skip(kind: RegExp): boolean {
    kind.lastIndex = this.at;
    const length = kind.exec(this.#text)?.[0].length ?? 0;
    this.at += length;
    return length > 0;
  }
}
