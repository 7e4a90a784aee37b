import { UsageError } from "../../../core/runtime/errors.ts";

/** Whether a repository or a tag is meant. */
export type Filter = (name: string) => boolean;

/**
 * `team/*`, `team/**`, `v1.?`, or a regular expression between slashes: `/^v[0-9]+$/`. `*` and `?` do not
 * cross a slash, `**` does. A pattern after `!` excludes. All are meant when nothing is included.
 */
export function parseFilter(option: string, patterns: readonly string[]): Filter {
  const isExclusion = (pattern: string): boolean => pattern.startsWith("!");
  const excluded = patterns.filter(isExclusion).map((pattern) => parsePattern(option, pattern.slice(1)));
  const included = patterns
    .filter((pattern) => !isExclusion(pattern))
    .map((pattern) => parsePattern(option, pattern));
  return (name) =>
    (included.length === 0 || included.some((each) => each.test(name))) &&
    !excluded.some((each) => each.test(name));
}

function parsePattern(option: string, pattern: string): RegExp {
  const [, expression] = /^\/(.+)\/$/.exec(pattern) ?? [];
  if (expression === undefined) return new RegExp(`^${globSource(pattern)}$`);
  try {
    return new RegExp(expression);
  } catch (cause) {
    throw new UsageError(`${option}: ${JSON.stringify(pattern)} is not a regular expression`, { cause });
  }
}

function globSource(glob: string): string {
  const parts = glob.match(/\*\*|[*?]|[^*?]+/g) ?? [];
  const wild: Readonly<Record<string, string>> = { "**": ".*", "*": "[^/]*", "?": "[^/]" };
  return parts.map((part) => wild[part] ?? part.replaceAll(/[\\^$.|+()[\]{}]/g, "\\$&")).join("");
}
