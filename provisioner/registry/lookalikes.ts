import { RegistryError } from "./registry-error.ts";

/**
 * Refuses a JSON document that two readers would understand differently: `{"layers":[…],"LAYERS":[…]}`. Go's, which
 * registries and engines use, take a key in any case, and the last of several; so what was looked into here would not be what
 * is run there. `names` are the keys that matter, in objects `deepest` deep at most. The text has been
 * parsed.
 */
export function refuseLookalikes(
  what: string,
  text: string,
  names: readonly string[],
  deepest: number,
): void {
  const known = new Map(names.map((name) => [fold(name), name]));
  const open: Set<string>[] = [];
  for (const token of tokensOf(text)) {
    if (token === "{") open.push(new Set());
    else if (token === "}") open.pop();
    else if (open.length <= deepest) {
      const key: string = JSON.parse(token);
      const folded = fold(key);
      const [name, seen] = [known.get(folded), open.at(-1)];
      if (name !== undefined && (name !== key || seen?.has(folded)))
        throw new RegistryError(
          `${what}: ${JSON.stringify(key)} may be taken for another ${JSON.stringify(name)}`,
        );
      seen?.add(folded);
    }
  }
}

/** Keys with their quotes, and what objects begin and end with. Texts may have megabytes: no expression matches a whole one. */
function* tokensOf(text: string): Generator<string> {
  const [marks, pieces, colon] = [/["{}]/g, /\\.|"/gs, /\s*:/y];
  for (let mark = marks.exec(text)?.[0]; mark !== undefined; mark = marks.exec(text)?.[0]) {
    const begin = marks.lastIndex;
    if (mark === '"') {
      pieces.lastIndex = begin;
      for (let piece = ""; piece !== '"'; ) {
        const found = pieces.exec(text);
        if (found === null) return;
        [piece] = found;
      }
      colon.lastIndex = pieces.lastIndex;
      if (colon.test(text)) yield text.slice(begin - 1, pieces.lastIndex);
      marks.lastIndex = pieces.lastIndex;
    } else yield mark;
  }
}

/** Also the long s and the sign of Kelvin are an s and a k to Go. */
function fold(key: string): string {
  return key.toUpperCase().toLowerCase();
}
