import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { PROC_FILES } from "../../../../lxcfs-shim/proc-files/index.ts";
import type { FieldSource } from "../../../../lxcfs-shim/proc-files/types.ts";
import { SYS_FILES } from "../../../../lxcfs-shim/sys-files/index.ts";
import { openHostText } from "../../../../lxcfs-shim/view/host-text.ts";
import { FIXTURE_HOSTS, fixtureRoot, viewOfFixture } from "../../../support/fixture-hosts.ts";
import { renderDocument } from "../../../support/proc-files-document.ts";

const DOCUMENT = join(import.meta.dirname, "../../../../docs/proc-files.md");

test("docs/proc-files.md is what the files say of themselves", () => {
  const text = renderDocument(PROC_FILES, SYS_FILES);
  if (process.env.UPDATE_GOLDEN === "1") writeFileSync(DOCUMENT, text);

  expect(readFileSync(DOCUMENT, "utf8")).toBe(text);
});

/** Files with a key at the beginning of each line. */
const KEYED = PROC_FILES.filter(({ path }) => ["meminfo", "stat", "vmstat"].includes(path));

describe.for(FIXTURE_HOSTS)("on %s", (name) => {
  const version = name.startsWith("v1") ? "v1" : "v2";
  const isDerived = ({ from }: FieldSource): boolean =>
    typeof from === "string" || from[version] !== undefined;

  test.for(KEYED)("no line of $path changes that the document calls the host's", ({ fields, ...file }) => {
    const host = openHostText(fixtureRoot(name).proc);
    const ours = fields.filter(isDerived).flatMap(({ field }) => field.split(", "));
    const hosts = host.text(file.path).split("\n");
    const changed = file
      .render(viewOfFixture(name), host)
      .split("\n")
      .filter((line) => !hosts.includes(line) && !line.startsWith("cpu"))
      .map((line) => line.split(/:? /)[0]);

    expect(changed.filter((key) => !ours.includes(key ?? ""))).toEqual([]);
    expect(changed.length).toBeGreaterThan(1);
  });
});
