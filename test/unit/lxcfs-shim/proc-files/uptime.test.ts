import { expect, test } from "vitest";
import { uptime } from "../../../../lxcfs-shim/proc-files/uptime.ts";
import { hostText, viewOf } from "../../../support/container-view.ts";

const host = hostText({ uptime: "760.07 1469.44\n" });

test("idle is the sum that stat shows", () => {
  const idle = { user: 0, nice: 0, system: 0, idle: 1234 };
  const cpu = { ticks: [idle], total: idle, running: 1, blocked: 0, processes: 1 };

  expect(uptime.render(viewOf({ uptimeSeconds: 61.5, cpu }), host)).toBe("61.50 12.34\n");
});

test("without CPU accounting idle is the host's", () => {
  expect(uptime.render(viewOf({ uptimeSeconds: 5 }), host)).toBe("5.00 1469.44\n");
});
