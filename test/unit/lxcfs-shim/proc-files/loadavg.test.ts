import { expect, test } from "vitest";
import { loadavg } from "../../../../lxcfs-shim/proc-files/loadavg.ts";
import { hostText, viewOf } from "../../../support/container-view.ts";

const host = hostText({ loadavg: "0.16 0.05 0.01 4/102 6389\n" });

test("has two decimals and the container's tasks", () => {
  const load = { load1: 1.5, load5: 0.08, load15: 0, running: 2, threads: 9, lastPid: 31 };

  expect(loadavg.render(viewOf({ load }), host)).toBe("1.50 0.08 0.00 2/9 31\n");
});

test("is the host's where the tasks cannot be found", () => {
  expect(loadavg.render(viewOf({}), host)).toBe("0.16 0.05 0.01 4/102 6389\n");
});
