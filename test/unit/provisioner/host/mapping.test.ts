import { expect, test } from "vitest";
import { UsageError } from "../../../../core/runtime/errors.ts";
import { Mapping } from "../../../../provisioner/host/mapping.ts";

const open = (values: unknown): Mapping<"a" | "b"> => new Mapping("file f", "x.y", values, ["a", "b"]);

test("texts, lists and numbers, or what stands for them", () => {
  const mapping = open({ a: "text", b: [1, 2] });
  expect(mapping.text("a")).toBe("text");
  expect(mapping.texts("a")).toEqual(["text"]);
  expect(mapping.numbers("b", 1, 2)).toEqual([1, 2]);
  expect(mapping.nameOf("a")).toBe("file f: x.y.a");

  const empty = open({});
  expect(empty.optionalText("a")).toBeUndefined();
  expect(empty.text("a", "preset")).toBe("preset");
  expect(empty.texts("a")).toEqual([]);
  expect(empty.number("a", 7, 1, 9)).toBe(7);
  expect(empty.mapping("a", ["c"])).toBeUndefined();
});

test("a mapping inside has its path", () => {
  expect(() => open({ a: { d: 1 } }).mapping("a", ["c"])).toThrow('file f: unknown option "x.y.a.d"');
  expect(
    open({ a: { c: "text" } })
      .mapping("a", ["c"])
      ?.text("c"),
  ).toBe("text");
});

test("flags, and mappings under names of their own", () => {
  expect([open({ a: true }).flag("a", false), open({}).flag("a", true)]).toEqual([true, true]);
  const [[name, inner] = []] = open({ a: { first: { c: "text" } } }).named("a", ["c"]);
  expect([name, inner?.nameOf("c"), inner?.text("c")]).toEqual(["first", "file f: x.y.a.first.c", "text"]);
  expect(open({}).named("a", ["c"])).toEqual([]);
});

test.for([
  ["not a mapping", () => open([]), "file f: x.y: must be a mapping"],
  ["nothing", () => open(null), "file f: x.y: must be a mapping"],
  ["unknown", () => open({ c: 1 }), 'file f: unknown option "x.y.c"'],
  ["no flag", () => open({ a: "yes" }).flag("a", true), "file f: x.y.a: must be true or false"],
  ["no names", () => open({ a: [] }).named("a", ["c"]), "file f: x.y.a: must be a mapping"],
  ["missing", () => open({}).text("a"), "file f: x.y.a: is needed"],
  ["not a text", () => open({ a: 7 }).text("a"), "file f: x.y.a: must be a text"],
  ["empty", () => open({ a: "" }).text("a"), "file f: x.y.a: must be a text"],
  ["a list of others", () => open({ a: [7] }).texts("a", "URLs"), "file f: x.y.a: must be URLs"],
  ["too large", () => open({ a: 9 }).number("a", 1, 1, 8), "file f: x.y.a: 9 is not a number from 1 to 8"],
  ["no number", () => open({ a: ["1"] }).numbers("a", 1, 8), 'file f: x.y.a: "1" is not a number'],
] as const)("%s", ([, read, message]) => {
  expect(read).toThrow(UsageError);
  expect(read).toThrow(message);
});

test("paths from the root on, and what is spoken to by HTTP", () => {
  const mapping = open({ a: "/srv", b: "https://host/path" });
  expect([mapping.path("a"), open({}).path("a", "/preset")]).toEqual(["/srv", "/preset"]);
  expect(mapping.url("b")).toBe("https://host/path");
  expect(() => mapping.path("b")).toThrow('file f: x.y.b: "https://host/path" does not begin with /');
  expect(() => mapping.url("a")).toThrow('file f: x.y.a: "/srv" is not http[s]://');
});

test("mappings in a list", () => {
  const mapping = open({ a: [{ c: "one" }, { c: "two" }], b: [{ d: 1 }] });
  expect(mapping.mappings("a", ["c"]).map((each) => each.text("c"))).toEqual(["one", "two"]);
  expect(open({}).mappings("a", ["c"])).toEqual([]);
  expect(() => mapping.mappings("b", ["c"])).toThrow('file f: unknown option "x.y.b[0].d"');
});
