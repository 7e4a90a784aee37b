import fc from "fast-check";
import { expect, test } from "vitest";
import { type ComparisonOptions, planTags } from "../../../../../provisioner/registry/replication/compare.ts";

const CAREFUL: ComparisonOptions = { overwrite: false, deletes: false };
const action = (
  source: string | undefined,
  destination: string | undefined,
  own: readonly string[] | undefined,
  options: ComparisonOptions = CAREFUL,
): string | undefined => {
  const map = <T>(value: T | undefined): Map<string, T> =>
    new Map(value === undefined ? [] : [["v1", value]]);
  return planTags(options, map(source), map(destination), map(own))[0]?.action;
};

test.for([
  ["is not there yet", "new", undefined, undefined, "copy"],
  ["was removed there, and is wanted", "a", undefined, ["a"], "copy"],
  ["is the same", "a", "a", undefined, "same"],
  ["moved at the source", "b", "a", ["a"], "copy"],
  ["moved at the source while a run was killed after its copy", "c", "b", ["a", "b"], "copy"],
  ["moved at the destination alone", "a", "b", ["a"], "ahead"],
  ["moved at both", "b", "c", ["a"], "diverged"],
  ["was there before the rule", "a", "b", undefined, "diverged"],
  ["is somebody else's at the destination", undefined, "b", undefined, undefined],
  ["was deleted at the source", undefined, "a", ["a"], undefined],
] as const)("a tag that %s", ([, source, destination, own, wanted]) => {
  expect(action(source, destination, own)).toBe(wanted);
});

test("deletes take what this rule has brought, and nothing that has changed since", () => {
  const options = { ...CAREFUL, deletes: true };
  expect(action(undefined, "a", ["a"], options)).toBe("delete");
  expect(action(undefined, "b", ["a"], options)).toBeUndefined();
  expect(action(undefined, "a", undefined, options)).toBeUndefined();
});

test("overwriting makes the source right", () => {
  const options = { ...CAREFUL, overwrite: true };
  expect([action("a", "b", ["a"], options), action("b", "c", ["a"], options)]).toEqual(["copy", "copy"]);
});

test("two rules that lead to each other come to rest, whoever is killed between copy and note", () => {
  const digest = fc.constantFrom("1", "2", "3", "4");
  const change = fc.record({ side: fc.constantFrom("a", "b"), digest, isKilled: fc.boolean() });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
      const at: Record<string, string | undefined> = { a: undefined, b: undefined };
      let own: readonly string[] = [];
      const run = (from: string, to: string, isKilled: boolean): boolean => {
        const source = at[from];
        const plan = action(source, at[to], own);
        if (source === undefined || (plan !== "copy" && plan !== "same")) return false;
        at[to] = source;
        own = isKilled ? [...own, source] : [source];
        return plan === "copy";
      };
      for (const { side, digest, isKilled } of changes) {
        at[side] = digest;
        run("a", "b", isKilled);
        run("b", "a", isKilled);
      }
      for (let round = 0; round < 2; round++) [run("a", "b", false), run("b", "a", false)];
      expect([run("a", "b", false), run("b", "a", false)]).toEqual([false, false]);
      // Changed on one side at a time and never in between: nothing has diverged.
      expect(at.a).toBe(at.b);
    }),
  );
});
