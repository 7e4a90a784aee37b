import { UsageError } from "../../../core/runtime/errors.ts";
import type { SyncRule } from "./rules.ts";

type Edge = Pick<SyncRule, "name" | "from" | "to">;

/** Two rules that lead to each other, and those beside them, keep one set of notes: named after the first of them. */
export function journalOf(rule: Edge, rules: readonly Edge[]): string {
  const back = rulesBack(rule, rules);
  const beside = rules.filter((each) => each.from.url === rule.from.url && each.to.url === rule.to.url);
  if (back.length === 0) return rule.name;
  return [...back, ...beside].map(({ name }) => name).sort()[0] ?? rule.name;
}

/**
 * Two rules that lead to each other come to rest: their notes have what both sides were last, so that what has changed
 * since is news, and what has not is old. Three things would not rest: to overwrite, to delete, and to rename on the way.
 * Nor would a way round over three registries: a tag that is put back on its old image at one of them while the new
 * one is on its way looks unchanged when that arrives, and then the two follow each other round for ever.
 */
export function refuseCircles(file: string, rules: readonly SyncRule[]): void {
  for (const rule of rules) {
    const [at, from, to] = [`configuration ${file}: rules.${rule.name}`, rule.from.url, rule.to.url];
    if (from === to) throw new UsageError(`${at}: from and to are the same registry`);
    const back = rulesBack(rule, rules);
    const others = rules.filter((each) => !back.includes(each));
    const round = findWay(others, to, from);
    if (round !== undefined)
      throw new UsageError(`${at}: with others it leads round: ${[from, ...round].join(", ")}`, {
        hint: "let each pair that is to be equal have two rules, there and back, in a line or around one in the middle",
      });
    const never = (["overwrite", "deletes", "prefix"] as const).find((key) => rule[key]);
    if (never !== undefined && back.length > 0)
      throw new UsageError(`${at}.${never}: another rule leads back to ${from}: it would have no end`);
  }
}

function rulesBack<R extends Edge>({ from, to }: Edge, rules: readonly R[]): readonly R[] {
  return rules.filter((each) => each.from.url === to.url && each.to.url === from.url);
}

/** The registries from one to another, both included, by the fewest rules. */
function findWay(rules: readonly Edge[], from: string, to: string): readonly string[] | undefined {
  const ways = new Map([[from, [from]]]);
  // A map that grows while it is walked through: what is added is visited as well.
  for (const [url, way] of ways)
    for (const rule of rules)
      if (rule.from.url === url && !ways.has(rule.to.url)) ways.set(rule.to.url, [...way, rule.to.url]);
  return ways.get(to);
}
