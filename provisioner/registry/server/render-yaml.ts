/** A document as configuration files have it. */
export type Yaml =
  | string
  | number
  | boolean
  | readonly string[]
  | readonly { readonly [key: string]: Yaml }[]
  | { readonly [key: string]: Yaml | undefined };

/** Block style, texts quoted as in JSON, which YAML 1.2 contains. What is undefined is left out. */
export function renderYaml(value: { readonly [key: string]: Yaml | undefined }, indent = ""): string {
  return Object.entries(value)
    .map(([key, inner]) => (inner === undefined ? "" : `${indent}${key}:${renderValue(inner, indent)}`))
    .join("");
}

function renderValue(value: Yaml, indent: string): string {
  if (typeof value !== "object") return ` ${JSON.stringify(value)}\n`;
  if (Array.isArray(value)) return `${value.map((each) => renderItem(each, indent)).join("") || " []"}\n`;
  return `\n${renderYaml(value as { readonly [key: string]: Yaml }, `${indent}  `)}`;
}

function renderItem(value: string | { readonly [key: string]: Yaml }, indent: string): string {
  if (typeof value === "string") return `\n${indent}  - ${JSON.stringify(value)}`;
  const inner = renderYaml(value, `${indent}    `).trimEnd();
  return `\n${indent}  - ${inner.trimStart()}`;
}
