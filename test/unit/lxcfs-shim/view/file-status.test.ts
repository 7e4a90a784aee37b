import { expect, test } from "vitest";
import type { ProcFile } from "../../../../lxcfs-shim/proc-files/types.ts";
import { fileStatus } from "../../../../lxcfs-shim/view/file-status.ts";
import { viewOf } from "../../../support/container-view.ts";

const load = { load1: 0, load5: 0, load15: 0, running: 1, threads: 1, lastPid: 1 };

function fileThatNeeds(needs: ProcFile["needs"], underived: readonly string[] = []): ProcFile {
  return { path: "x", describes: "", needs, fields: [], underived: () => underived, render: () => "" };
}

test.for<[string, ProcFile, ReturnType<typeof fileStatus>]>([
  ["needs nothing", fileThatNeeds([]), { state: "virtual" }],
  ["has what it needs", fileThatNeeds(["load"]), { state: "virtual" }],
  ["has nothing of what it needs", fileThatNeeds(["cpu"]), { state: "host", reason: "no cpu here" }],
  [
    "is empty without what it needs",
    { ...fileThatNeeds(["io"]), without: "empty" },
    { state: "empty", reason: "no io here" },
  ],
  [
    "has fields without what it needs",
    { ...fileThatNeeds(["cpu"]), without: "partial" },
    { state: "partial", fields: ["cpu"], reason: "no cpu here" },
  ],
  [
    "has a part of what it needs",
    fileThatNeeds(["cpu", "load"]),
    { state: "partial", fields: ["cpu"], reason: "no cpu here" },
  ],
  [
    "has fields the kernel does not count",
    fileThatNeeds(["load"], ["Slab"]),
    { state: "partial", fields: ["Slab"], reason: "the kernel does not count these per cgroup" },
  ],
])("a file that %s", ([, file, expected]) => {
  expect(fileStatus(file, viewOf({ load }))).toEqual(expected);
});
