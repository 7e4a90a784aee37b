import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { systemClock } from "../../../../../core/runtime/clock.ts";
import { UsageError } from "../../../../../core/runtime/errors.ts";
import { Registry } from "../../../../../provisioner/registry/client.ts";
import { SyncJournal } from "../../../../../provisioner/registry/replication/journal.ts";
import { parseRules, type SyncRule } from "../../../../../provisioner/registry/replication/rules.ts";
import { synchronize } from "../../../../../provisioner/registry/replication/synchronize.ts";
import { openEmbeddedStore } from "../../../../../provisioner/store/embedded.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { MemoryRegistry } from "../../../../support/memory-registry.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

/** Rules as `ab`: from the registry a to the registry b. */
function edges(...names: readonly string[]): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, { from: name[0], to: name[1] }]));
}

function parse(rules: Readonly<Record<string, object>>): readonly SyncRule[] {
  const registries = { a: { url: "http://a" }, b: { url: "http://b" }, c: { url: "http://c" } };
  return parseRules("registry.yaml", { registries, rules });
}

/** Three registries that have a tag in common, and the rules between them. */
class Ring {
  readonly at: Readonly<Record<string, MemoryRegistry>>;
  readonly #rules: ReadonlyMap<string, SyncRule>;
  readonly #store = openEmbeddedStore(join(cleanup.temporaryFolder(), "state.db"));

  constructor(at: Ring["at"], rules: readonly SyncRule[]) {
    const accessOf = ({ url }: { url: string }): { url: string } => ({
      url: at[url.at(-1) ?? ""]?.url ?? "",
    });
    this.at = at;
    this.#rules = new Map(
      rules.map((rule) => [rule.name, { ...rule, from: accessOf(rule.from), to: accessOf(rule.to) }]),
    );
    cleanup.add("store", () => this.#store.close());
  }

  /** What each has, by the content it was pushed with. */
  get tags(): Record<string, string | undefined> {
    return Object.fromEntries(
      Object.entries(this.at).map(([name, registry]) => [name, nameOf(registry.tagsOf("app").v1)]),
    );
  }

  push(registry: string, content: string): void {
    names.set(this.at[registry]?.putImage("app", "v1", content) ?? "", content);
  }

  /** In this order; what was done with the tag, by rule. */
  async run(...order: readonly string[]): Promise<Record<string, string>> {
    const done: [string, string][] = [];
    for (const name of order) {
      const rule = this.#rules.get(name);
      if (rule === undefined) throw new Error(`no rule ${name}`);
      const [source, destination] = [new Registry(rule.from), new Registry(rule.to)];
      const journal = new SyncJournal(this.#store, systemClock, rule);
      const signal = new AbortController().signal;
      const context = { source, destination, journal, clock: systemClock, signal, isDryRun: false };
      const { outcomes } = await synchronize(rule, context);
      done.push(...outcomes.map(({ action }): [string, string] => [name, action]));
      await Promise.all([source.close(), destination.close()]);
    }
    return Object.fromEntries(done);
  }
}

const names = new Map<string, string>();
const nameOf = (digest = ""): string | undefined => names.get(digest);

async function openRing(rules: readonly SyncRule[]): Promise<Ring> {
  const [a, b, c] = await Promise.all(Array.from({ length: 3 }, () => new MemoryRegistry().start(cleanup)));
  if (a === undefined || b === undefined || c === undefined) throw new Error("no registries");
  const ring = new Ring({ a, b, c }, rules);
  ring.push("a", "old");
  return ring;
}

/** a and b are equal, and b and c. */
const LINE = ["ab", "ba", "bc", "cb"];
const openLine = async (): Promise<Ring> => {
  const line = await openRing(parse(edges(...LINE)));
  await line.run(...LINE);
  await line.run(...LINE);
  expect(line.tags).toEqual({ a: "old", b: "old", c: "old" });
  return line;
};

test("rules there and back share their notes, whatever goes beside and on", () => {
  const rules = parse({ ...edges("ab", "ba", "bc"), more: { from: "a", to: "b" } });
  expect(rules.map(({ journal }) => journal)).toEqual(["ab", "ab", "bc", "ab"]);
});

test.for(["overwrite", "deletes", "prefix"])(
  "there and back with %s is refused: it would have no end",
  (key) => {
    const rules = { ...edges("ab", "ba"), ba: { from: "b", to: "a", [key]: key === "prefix" ? "m" : true } };
    expect(() => parse(rules)).toThrow(UsageError);
    expect(() => parse(rules)).toThrow(`rules.ba.${key}: another rule leads back to http://b`);
    expect(parse({ ba: rules.ba, ...edges("ac") })).toHaveLength(2);
  },
);

test("a way round over three is refused, and named", () => {
  expect(() => parse(edges("ab", "bc", "ca"))).toThrow(
    "rules.ab: with others it leads round: http://a, http://b, http://c, http://a",
  );
  expect(() => parse(edges("ab", "ba", "bc", "cb", "ca", "ac"))).toThrow("leads round");
  expect(parse(edges(...LINE))).toHaveLength(4);
  expect(parse(edges("ab", "bc", "ac"))).toHaveLength(3);
});

test("why: what is put back while the new one is on its way would go round for ever with it", async () => {
  const alone = ["ab", "bc", "ca"].flatMap((name) => parse(edges(name)));
  const ring = await openRing(alone);
  for (let round = 0; round < 2; round++) await ring.run("ab", "bc", "ca");
  ring.push("a", "new");
  await ring.run("ab");
  ring.push("a", "old");

  const before = ring.tags;
  const seen = [];
  for (let round = 0; round < 4; round++) {
    expect(await ring.run("bc", "ab", "ca")).toEqual({ bc: "copy", ab: "copy", ca: "copy" });
    seen.push(ring.tags);
  }
  expect([seen[1], seen[3]]).toEqual([before, before]);
});

test.for([{ order: LINE }, { order: LINE.toReversed() }, { order: ["bc", "ab", "cb", "ba"] }])(
  "in a line what is put back while the new one is on its way holds, by the order $order",
  async ({ order }) => {
    const line = await openLine();
    line.push("a", "new");
    await line.run("ab");
    line.push("a", "old");

    await line.run(...order);
    await line.run(...order);
    expect(line.tags).toEqual({ a: "old", b: "old", c: "old" });
    expect(await line.run(...order)).toEqual({});
  },
);

test("in a line a change at either end reaches the other, and then nothing is written any more", async () => {
  const line = await openLine();
  for (const [end, content] of [
    ["a", "1"],
    ["c", "2"],
    ["b", "3"],
  ] as const) {
    line.push(end, content);
    await line.run(...LINE);
    await line.run(...LINE);
    expect(line.tags).toEqual({ a: content, b: content, c: content });
  }
  for (const registry of Object.values(line.at)) registry.requests.length = 0;
  expect(await line.run(...LINE)).toEqual({});
  const asked = Object.values(line.at).flatMap(({ requests }) => requests);
  expect(asked.filter((request) => !/^(?:HEAD|GET) /.test(request))).toEqual([]);
});

test("changed at two places at once: told by both sides where they meet, left alone, and no further", async () => {
  const line = await openLine();
  line.push("a", "mine");
  line.push("c", "yours");
  await line.run("ab");

  for (let round = 0; round < 3; round++) {
    expect(await line.run(...LINE)).toEqual({ bc: "diverged", cb: "diverged" });
    expect(line.tags).toEqual({ a: "mine", b: "mine", c: "yours" });
  }
  line.push("c", "mine"); // somebody has decided
  await line.run(...LINE);
  expect(await line.run(...LINE)).toEqual({});
});
