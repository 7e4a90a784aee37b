import fc from "fast-check";
import { expect, test } from "vitest";
import type { Inventory } from "../../../../../provisioner/registry/retention/inventory.ts";
import { planRemoval, type RemovalPlan } from "../../../../../provisioner/registry/retention/plan-removal.ts";

/** `sha256:1`, or what a test calls by a letter. */
const digest = (name: string): string => `sha256:${Buffer.from(name).toString("hex").padEnd(64, "0")}`;
const signatureOf = (name: string): string => `${digest(name).replace(":", "-")}.sig`;

function inventory(
  tags: Record<string, string>,
  children: Record<string, readonly string[]> = {},
  subjects: Record<string, string> = {},
): Inventory {
  const names = new Set([
    ...Object.values(tags),
    ...Object.keys(children),
    ...Object.values(children).flat(),
    ...Object.keys(subjects),
  ]);
  return {
    repository: "app",
    tags: new Map(Object.entries(tags).map(([tag, name]) => [tag, digest(name)])),
    manifests: new Map(
      [...names].map((name) => [
        digest(name),
        {
          children: (children[name] ?? []).map(digest),
          subject: name in subjects ? digest(subjects[name] ?? "") : undefined,
          // One of its own, and one that all share.
          blobs: [
            { mediaType: "", digest: `blob of ${name}`, sizeBytes: 10 },
            { mediaType: "", digest: "shared", sizeBytes: 1000 },
          ],
          createdMs: undefined,
        },
      ]),
    ),
  };
}

function plan(
  from: Inventory,
  wanted: readonly string[],
  { digests = [], tags = [] }: { digests?: readonly string[]; tags?: readonly string[] } = {},
): RemovalPlan {
  return planRemoval(from, new Set(wanted), { digests: new Set(digests.map(digest)), tags: new Set(tags) });
}
const tagsOf = ({ tags }: RemovalPlan): readonly string[] => tags.map(({ tag }) => tag).sort();

test("a tag and its image; the image stays when another tag has it", () => {
  const some = inventory({ v1: "a", v2: "b", latest: "b" });
  expect(plan(some, ["v1"])).toEqual({
    tags: [{ tag: "v1", digest: digest("a") }],
    manifests: [digest("a")],
    used: [],
    bytes: 10,
  });
  expect(plan(some, ["v2"])).toMatchObject({ manifests: [] });
  expect(plan(some, ["v2", "latest"])).toMatchObject({ manifests: [digest("b")] });
});

test("an index goes before its images, which stay while another index or tag needs them", () => {
  const some = inventory({ v1: "i", v2: "j", arm: "y" }, { i: ["x", "y"], j: ["x", "z"] });
  expect(plan(some, ["v1"]).manifests).toEqual([digest("i")]);
  const both = plan(some, ["v1", "v2"]).manifests;
  expect([...both].sort()).toEqual(["i", "j", "x", "z"].map(digest).sort());
  expect(both.indexOf(digest("x"))).toBeGreaterThan(
    Math.max(both.indexOf(digest("i")), both.indexOf(digest("j"))),
  );
});

test("signatures go with what they are of, and signatures of these", () => {
  const some = inventory({
    v1: "a",
    v2: "b",
    [signatureOf("a")]: "s",
    [signatureOf("s")]: "t",
    [signatureOf("b")]: "u",
  });
  expect(tagsOf(plan(some, ["v1"]))).toEqual([signatureOf("a"), signatureOf("s"), "v1"].sort());
  const kept = inventory({ v1: "a", latest: "a", [signatureOf("a")]: "s" });
  expect(tagsOf(plan(kept, ["v1"]))).toEqual(["v1"]);
});

test("what a container runs stays, under its name or by its digest, on its own or in an index", () => {
  const some = inventory({ v1: "i", v2: "b" }, { i: ["x"] });
  expect(plan(some, ["v1", "v2"], { digests: ["x"] })).toMatchObject({
    used: ["v1"],
    manifests: [digest("b")],
  });
  expect(plan(some, ["v2"], { tags: ["app:v2"] })).toEqual({
    tags: [],
    manifests: [],
    used: ["v2"],
    bytes: 0,
  });
  expect(plan(some, ["v2"], { tags: ["other:v2"] })).toMatchObject({ used: [] });
});

test("nothing that stays ever misses anything", () => {
  const names = ["a", "b", "c", "d", "e"];
  const tags = [...["v1", "v2", "v3"], ...["a", "b"].map(signatureOf)];
  const graph = fc.record({
    tags: fc.dictionary(fc.constantFrom(...tags), fc.constantFrom(...names)),
    // An index names what comes after it: there are no circles.
    children: fc.record(
      Object.fromEntries(names.map((name, at) => [name, fc.subarray(names.slice(at + 1))])),
    ),
    wanted: fc.subarray(["v1", "v2", "v3"]),
    used: fc.subarray(names),
  });
  fc.assert(
    fc.property(graph, ({ tags, children, wanted, used }) => {
      const some = inventory(tags, children);
      const { tags: going, manifests } = plan(some, wanted, { digests: used });
      const gone = new Set(manifests);
      const left = new Map(some.tags);
      for (const { tag } of going) left.delete(tag);
      const roots = [...left.values(), ...used.map(digest)];
      for (const root of roots) {
        expect(gone.has(root)).toBe(false);
        for (const child of some.manifests.get(root)?.children ?? []) expect(gone.has(child)).toBe(false);
      }
      for (const digest of gone) expect(some.manifests.has(digest)).toBe(true);
      for (const { tag } of going) expect(wanted.includes(tag) || tag.startsWith("sha256-")).toBe(true);
    }),
  );
});

test("what is listed as said of an image goes with it and before it, and stays with what stays", () => {
  const some = inventory(
    { v1: "i", v2: "y" },
    { i: ["x", "y"] },
    { sig: "x", sbom: "y", "sig of sbom": "sbom" },
  );
  const { manifests } = plan(some, ["v1"]);
  expect(manifests).toEqual(
    [digest("i"), digest("sig"), digest("x")].sort((a, b) => manifests.indexOf(a) - manifests.indexOf(b)),
  );
  expect(manifests.indexOf(digest("sig"))).toBeLessThan(manifests.indexOf(digest("x")));
  const all = plan(some, ["v1", "v2"]).manifests;
  expect([...all].sort()).toEqual(["i", "x", "y", "sig", "sbom", "sig of sbom"].map(digest).sort());
  expect(all.indexOf(digest("sig of sbom"))).toBeLessThan(all.indexOf(digest("sbom")));
  expect(all.indexOf(digest("sbom"))).toBeLessThan(all.indexOf(digest("y")));
});

test("an image that is said of one that stays loses its tag alone", () => {
  const some = inventory({ v1: "a", demo: "b" }, {}, { b: "a" });
  expect(plan(some, ["demo"])).toMatchObject({ tags: [{ tag: "demo" }], manifests: [] });
  expect(plan(some, ["v1"])).toMatchObject({ tags: [{ tag: "v1" }], manifests: [digest("a")] });
});

test("bytes are those of blobs that nothing else needs", () => {
  expect(plan(inventory({ v1: "a", v2: "b" }), ["v1"]).bytes).toBe(10);
  expect(plan(inventory({ v1: "a", v2: "b" }), ["v1", "v2"]).bytes).toBe(1020);
});
