import { NotFoundError, UsageError } from "../../core/runtime/errors.ts";

/** The rules that are named, or all of them when that is said. */
export function chooseRules<R extends { readonly name: string }>(
  rules: readonly R[],
  names: readonly string[],
  isAll: boolean,
): readonly R[] {
  if ((names.length === 0) !== isAll) throw new UsageError("name rules, or say --all");
  const unknown = names.find((name) => !rules.some((rule) => rule.name === name));
  if (unknown === undefined) return rules.filter(({ name }) => isAll || names.includes(name));
  throw new NotFoundError(`rule ${unknown}: there is no such rule`, {
    hint: `known are ${rules.map(({ name }) => name).join(", ") || "none"}`,
  });
}
