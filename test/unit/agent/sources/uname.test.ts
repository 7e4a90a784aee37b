import { hostname, machine, release, version } from "node:os";
import { expect, test } from "vitest";
import { uname } from "../../../../agent/sources/uname.ts";
import { openSource, tickIn } from "../../../support/source-context.ts";

test("what uname(2) says", async () => {
  const [info] = await openSource(uname)(tickIn({ "/proc/sys/kernel/domainname": "(none)\n" }));

  expect(info?.labels).toEqual({
    sysname: "Linux",
    release: release(),
    version: version(),
    machine: machine(),
    nodename: hostname(),
    domainname: "(none)",
  });
});
