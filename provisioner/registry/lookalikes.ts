import { RegistryError } from "./registry-error.ts";

/**
 * Refuses a JSON document that two readers would understand differently: `{"layers":[…],"LAYERS":[…]}`. Go's, which
 * registries and engines use, take a key in any case, and the last of several; so what was looked into here would not be what
 * is run there. `names` are the keys that matter, in objects `deepest` deep at most. The text has been
 * parsed: of one that is no JSON, made of quotes that never close, the search would have no end.
 */
export function refuseLookalikes(
  what: string,
  text: string,
  names: readonly string[],
  deepest: number,
): void {
  const known = new Map(names.map((name) => [fold(name), name]));
  const open: Set<string>[] = [];
  for (const [token, colon] of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[{}]/gs)) {
    if (token === "{") open.push(new Set());
    else if (token === "}") open.pop();
    else if (colon !== undefined && open.length <= deepest) {
      const key: string = JSON.parse(token.slice(0, -colon.length));
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

/** Also the long s and the sign of Kelvin are an s and a k to Go. */
function fold(key: string): string {
  return key.toUpperCase().toLowerCase();
}
