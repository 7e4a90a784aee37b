import { afterAll, expect, test } from "vitest";
import { openHostText } from "../../../../lxcfs-shim/view/host-text.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { FakeHost } from "../../../support/fake-host.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("is one moment of the host for as long as it is used", () => {
  const host = new FakeHost(cleanup.temporaryFolder());
  host.write("proc/uptime", "1.00 2.00\n");
  const text = openHostText(host.root.proc);
  expect(text.text("uptime")).toBe("1.00 2.00\n");
  host.write("proc/uptime", "9.00 9.00\n");

  expect(text.text("uptime")).toBe("1.00 2.00\n");
  expect(openHostText(host.root.proc).text("uptime")).toBe("9.00 9.00\n");
});

test("a file the host does not have is empty", () => {
  const host = new FakeHost(cleanup.temporaryFolder());

  expect(openHostText(host.root.proc).text("slabinfo")).toBe("");
});
