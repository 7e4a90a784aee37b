import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { bug } from "../../../../core/runtime/errors.ts";
import { failing, type GivenFlags, oneOf, readGivenOptions } from "../../../../core/runtime/options.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
afterEach(() => vi.unstubAllEnvs());

const folder = cleanup.temporaryFolder();

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function given(flags: GivenFlags, defaultFile = join(folder, "none.yaml")) {
  return readGivenOptions(
    {
      program: "TEST",
      keys: ["staleAfter", "push", "labels"] as const,
      defaultFile,
      switches: ["push"],
      fileOnly: ["labels"],
    },
    flags,
  );
}

test("flag before environment before configuration file", async () => {
  const config = file("order.yaml", "staleAfter: 3m\n");

  expect((await given({ config })).text("staleAfter")).toEqual({
    option: `configuration ${config}:1:1: staleAfter`,
    value: "3m",
  });
  vi.stubEnv("PLIMSOLL_TEST_STALE_AFTER", "2m");
  expect((await given({ config })).text("staleAfter")).toEqual({
    option: "PLIMSOLL_TEST_STALE_AFTER",
    value: "2m",
  });
  const flag = { option: "--stale-after", value: "1m" };
  expect((await given({ config, staleAfter: "1m" })).text("staleAfter")).toEqual(flag);
  expect((await given({ config, "stale-after": "1m" })).text("staleAfter")).toEqual(flag);
  expect((await given({})).text("push")).toBeUndefined();
  expect((await given({})).texts("push")).toBeUndefined();
});

test("variables that are named like options and are none are told", async () => {
  for (const name of ["CONFIG", "PUSH", "STALE_AFTER", "LABELS", "STALEAFTER"])
    vi.stubEnv(`PLIMSOLL_TEST_${name}`, name === "CONFIG" ? file("environment.yaml", "") : "1m");
  vi.stubEnv("PLIMSOLL_TEST_UNSET", "");
  vi.stubEnv("PLIMSOLL_TESTING", "1");

  expect((await given({})).strangers).toEqual(["PLIMSOLL_TEST_LABELS", "PLIMSOLL_TEST_STALEAFTER"]);
});

test("the file is the one the flag names, else the environment's, else the usual one where it is", async () => {
  const usual = file("usual.yaml", "push: usual\n");
  const named = file("named.yaml", "push: named\n");

  expect((await given({}, usual)).configFile).toBe(usual);
  vi.stubEnv("PLIMSOLL_TEST_CONFIG", named);
  expect((await given({}, usual)).configFile).toBe(named);
  expect((await given({ config: usual })).text("push")?.value).toBe("usual");
  vi.stubEnv("PLIMSOLL_TEST_CONFIG", "");
  expect((await given({})).configFile).toBeUndefined();
});

test("a list is flags given again, words of the environment, a text or a list of the file", async () => {
  const texts = async (flags: GivenFlags): Promise<readonly string[] | undefined> =>
    (await given(flags)).texts("push")?.map(({ value }) => value);

  expect(await texts({ push: ["a", "b"] })).toEqual(["a", "b"]);
  expect(await texts({ config: file("one.yaml", "push: a\n") })).toEqual(["a"]);
  expect(await texts({ config: file("two.yaml", "push: [a, 7]\n") })).toEqual(["a", "7"]);
  vi.stubEnv("PLIMSOLL_TEST_PUSH", "a, b  c");
  expect(await texts({})).toEqual(["a", "b", "c"]);
});

test("mappings are the file's alone", async () => {
  const config = file("mapping.yaml", "push: [a, {url: b}]\nlabels: {x: y}\n");
  const options = await given({ config });

  expect(options.values("push")?.map(({ value }) => value)).toEqual(["a", { url: "b" }]);
  expect(options.inFile("labels")?.value).toEqual({ x: "y" });
  expect(() => options.texts("push")).toThrow(
    `configuration ${config}:1:11: push must be a text or a list of texts`,
  );
  expect(() => options.text("labels")).toThrow(`configuration ${config}:2:1: labels must be a text`);
});

test("a switch may be a truth value, nothing else may", async () => {
  const config = file("switches.yaml", "push: false\nstaleAfter: true\n");
  const { text } = await given({ config });

  expect(text("push")?.value).toBe("off");
  expect((await given({ config: file("on.yaml", "push: true\n") })).text("push")?.value).toBe("on");
  expect(() => text("staleAfter")).toThrow("staleAfter must be a text");
});

test("an unknown option is named with the known ones", async () => {
  const config = file("unknown.yaml", "pusch: a\n");

  await expect(given({ config })).rejects.toMatchObject({
    message: `configuration ${config}:1:1: unknown option "pusch"`,
    hint: "known are staleAfter, push, labels",
  });
});

test("what is wrong within a value is told at its place in the file; flags have no inside", async () => {
  const config = file("places.yaml", "push:\n  - a\n  - url: b\n    gzip: 5\n");
  const [, second] = (await given({ config })).values("push") ?? [];

  expect(() => failing(second ?? bug("none"), "do so")("gzip is wrong", "gzip")).toThrow(
    `configuration ${config}:4:5: push: gzip is wrong`,
  );
  expect(() => failing(second ?? bug("none"))("no way there", "a", 7)).toThrow(`${config}:3:5: push: no`);
  const [flag] = (await given({ push: "a" })).values("push") ?? [];
  expect(() => failing(flag ?? bug("none"))("is wrong", "gzip")).toThrow(/^--push: is wrong$/);
});

test("one of the choices, or nothing; anything else is named with the choices", () => {
  expect(oneOf(["a", "b"], "a letter", { option: "--x", value: "b" })).toBe("b");
  expect(oneOf(["a", "b"], "a letter", undefined)).toBeUndefined();
  expect(() => oneOf(["a", "b"], "a letter", { option: "--x", value: "c" })).toThrow(
    '--x: "c" is not a letter',
  );
});
