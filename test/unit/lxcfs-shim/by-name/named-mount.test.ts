import { expect, test } from "vitest";
import { openHostRoot } from "../../../../core/kernel/host-root.ts";
import { namedMount } from "../../../../lxcfs-shim/by-name/named-mount.ts";
import { DEFAULT_VIEW_OPTIONS } from "../../../../lxcfs-shim/view/view-options.ts";
import { recordLog } from "../../../support/record-log.ts";

test("pages are cached there, and what else was wished for holds", () => {
  const { mount, readFigures } = namedMount({
    ...{ root: openHostRoot(), directory: "/c", log: recordLog(), logLevel: "info" },
    ...{ held: undefined, wishes: { mayResend: false } },
    ...{ namesDirectory: "/names", viewOptions: DEFAULT_VIEW_OPTIONS, freshnessMs: 100 },
  });

  expect(mount).toMatchObject({
    directory: "/c",
    wishes: { mayResend: false, cachesPages: true },
    moduleOptions: { namesDirectory: "/names", freshnessMs: 100 },
  });
  expect(mount.module.pathname).toMatch(/serve-named-worker\.ts$/);
  expect(readFigures()).toEqual({ containers: 0, files: {} });
});
