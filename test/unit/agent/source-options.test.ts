import { expect, test } from "vitest";
import { chooseSources } from "../../../agent/source-options.ts";

import { errorLine } from "../../../core/runtime/errors.ts";

const named = (file: unknown, ...switches: readonly string[]) =>
  chooseSources(
    file === undefined ? undefined : { option: "configuration a.yaml: sources", value: file },
    switches.map((value) => ({ option: "--sources", value })),
  );
const names = (file: unknown, ...switches: readonly string[]) =>
  named(file, ...switches).map(({ kind }) => kind.name);

test("what is on unless somebody says otherwise", () => {
  expect(names(undefined)).toEqual(expect.arrayContaining(["cpu", "meminfo", "filesystem"]));
});

test("the file switches and sets, flags have the last word and keep what the file sets", () => {
  const file = { cpu: false, diskstats: { exclude: "^sd", interval: "1m" }, loadavg: true };
  expect(names(file)).not.toContain("cpu");
  expect(names(file, "cpu", "no-loadavg")).toContain("cpu");
  expect(names(file, "cpu", "no-loadavg")).not.toContain("loadavg");
  const disks = named(file, "diskstats").find(({ kind }) => kind.name === "diskstats");

  expect(disks).toMatchObject({ intervalMs: 60_000, values: { exclude: /^sd/ } });
});

test.each([
  [["cpu"], [], "sources: must be a mapping of sources"],
  [{ cpus: true }, [], 'sources: "cpus" is not a source (hint: known are arp'],
  [{ cpu: "yes" }, [], "sources: cpu must be true, false or a mapping of options"],
  [{ cpu: { interval: 5 } }, [], "sources: cpu interval must be a duration"],
  [{ cpu: { interval: "5x" } }, [], 'sources: cpu interval "5x" is not a duration'],
  [undefined, ["no-such"], '--sources: "such" is not a source'],
])("%j %j is refused", (file, switches, message) => {
  expect(() => {
    try {
      return named(file, ...switches);
    } catch (error) {
      throw new Error(errorLine(error));
    }
  }).toThrow(message);
});
