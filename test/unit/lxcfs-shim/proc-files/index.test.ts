import { readdirSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PROC_FILES } from "../../../../lxcfs-shim/proc-files/index.ts";
import { openHostText } from "../../../../lxcfs-shim/view/host-text.ts";
import { anyView, hostText } from "../../../support/container-view.ts";
import { FIXTURE_HOSTS, fixtureRoot, HOSTS, viewOfFixture } from "../../../support/fixture-hosts.ts";
import { expectGolden } from "../../../support/golden.ts";

test("every fixture host has a container", () => {
  const folders = readdirSync(HOSTS, { withFileTypes: true }).filter((entry) => entry.isDirectory());

  expect(folders.map(({ name }) => name).sort()).toEqual(FIXTURE_HOSTS);
});

describe.for(FIXTURE_HOSTS)("on %s", (name) => {
  test.for(PROC_FILES)("$path", (file) => {
    const root = fixtureRoot(name);

    expectGolden(
      `proc-files/${name}/${file.path}`,
      file.render(viewOfFixture(name), openHostText(root.proc)),
    );
  });
});

test("every file says what it is in one line", () => {
  for (const { describes } of PROC_FILES) expect(describes).toMatch(/^[^\n]{20,}[^.\n]$/);
});

test("whatever the view: no NaN, no negative number, no infinity, and every line ended", () => {
  const root = fixtureRoot("v2-systemd");
  const host = openHostText(root.proc);
  fc.assert(
    fc.property(anyView, fc.constantFrom(...PROC_FILES), (view, file) => {
      const text = file.render(view, host);

      expect(text).not.toMatch(/NaN|Infinity|undefined| -[013-9]/);
      expect(text).toMatch(/^$|\n$/);
    }),
  );
});

test("a host whose files are empty gives short files, not errors", () => {
  const host = hostText({});
  fc.assert(
    fc.property(anyView, fc.constantFrom(...PROC_FILES), (view, file) => {
      expect(file.render(view, host)).not.toMatch(/NaN|undefined/);
    }),
  );
});
