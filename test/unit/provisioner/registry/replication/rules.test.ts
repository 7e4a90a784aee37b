import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { UsageError } from "../../../../../core/runtime/errors.ts";
import {
  findRegistry,
  parseRules,
  readRules,
} from "../../../../../provisioner/registry/replication/rules.ts";
import { Cleanup } from "../../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
const registries = {
  east: { url: "https://east:5000/" },
  west: { url: "http://west" },
  south: { url: "http://south" },
};
const parse = (rules: object, more: object = registries) => parseRules("f", { registries: more, rules });

test("a rule, with what it leaves to its presets", async () => {
  const [rule] = parse({ all: { from: "east", to: "west" } });
  expect(rule).toMatchObject({
    name: "all",
    from: { url: "https://east:5000" },
    to: { url: "http://west" },
    prefix: undefined,
    deletes: false,
    overwrite: false,
    parallel: 16,
    bytesPerSecond: Number.POSITIVE_INFINITY,
    rateHours: [],
  });
  expect(rule?.tags("any")).toBe(true);
});

test("a rule with everything, from a file", async () => {
  const folder = cleanup.temporaryFolder();
  writeFileSync(join(folder, "password"), "secret\n");
  const east = {
    url: "https://east",
    username: "u",
    passwordFile: join(folder, "password"),
    caFile: "/ca.pem",
  };
  const rule = {
    from: "east",
    to: "west",
    repositories: "team/*",
    tags: ["v*", "!*-rc"],
    prefix: "mirror/",
    deletes: true,
    overwrite: true,
    parallel: 4,
    rate: "20M",
    rateBetween: "22:00-06:00 100M",
  };
  writeFileSync(
    join(folder, "registry.yaml"),
    JSON.stringify({ registries: { ...registries, east }, rules: { r: rule } }),
  );

  const [read] = await readRules(join(folder, "registry.yaml"));
  expect(read).toMatchObject({
    from: { url: "https://east", caFile: "/ca.pem", credentials: { username: "u", password: "secret" } },
    ...{ prefix: "mirror", deletes: true, overwrite: true, parallel: 4, bytesPerSecond: 20e6 },
    rateHours: [{ fromMinutes: 1320, toMinutes: 360, bytesPerSecond: 100e6 }],
  });
  expect([
    read?.repositories("team/a"),
    read?.repositories("a"),
    read?.tags("v1"),
    read?.tags("v1-rc"),
  ]).toEqual([true, false, true, false]);
});

test.for([
  [{ A: { from: "east", to: "west" } }, '"A" is not a rule\'s name'],
  [{ a: { from: "east" } }, "rules.a.to: is needed"],
  [{ a: { from: "north", to: "west" } }, "rules.a.from: is not one of the registries"],
  [{ a: { from: "east", to: "west", prefix: "../x" } }, "rules.a.prefix: must be"],
  [{ a: { from: "east", to: "west", rateBetween: "night" } }, 'rules.a.rateBetween: "night" is not hours'],
  [{ a: { from: "east", to: "west", rate: "fast" } }, 'rules.a.rate: "fast" is not bytes per second'],
  [{ a: { from: "east", to: "west", deletes: "yes" } }, "rules.a.deletes: must be true or false"],
  [
    { a: { from: "east", to: "west", policy: "policy.yaml" } },
    'rules.a.policy: "policy.yaml" does not begin',
  ],
  [{ a: { from: "east", to: "east" } }, "from and to are the same registry"],
] as const)("%j is refused", ([rules, why]) => {
  expect(() => parse(rules)).toThrow(UsageError);
  expect(() => parse(rules)).toThrow(why);
});

test.for([
  [{ url: "east:5000" }, "is not http[s]://HOST[:PORT]"],
  [{ url: "https://u:p@east" }, "is not http[s]://HOST[:PORT]"],
  [{ url: "https://east", username: "u" }, "username and passwordFile go together"],
  [{ url: "https://east", username: "u", passwordFile: "/none" }, "/none cannot be read: ENOENT"],
] as const)("the registry %j is refused", ([east, why]) => {
  expect(() => parse({}, { east })).toThrow(why);
});

test("a registry by its URL, and one that no file names", async () => {
  const file = join(cleanup.temporaryFolder(), "registry.yaml");
  writeFileSync(
    file,
    JSON.stringify({ registries: { east: { url: "https://east:5000", caFile: "/ca.pem" } } }),
  );
  expect(await findRegistry(file, "https://east:5000")).toEqual({
    url: "https://east:5000",
    caFile: "/ca.pem",
  });
  expect(await findRegistry(file, "https://west")).toEqual({ url: "https://west" });
});
