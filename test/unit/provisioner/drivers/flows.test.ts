import { expect, test } from "vitest";
import type { Exec } from "../../../../core/runtime/exec.ts";
import {
  cookieOf,
  Flows,
  flowCount,
  parseCookies,
  renderFlows,
} from "../../../../provisioner/drivers/flows.ts";

const DUMP = ` cookie=0x706c000000000001, priority=210,ip,in_port=2,dl_src=02:00:0a:0a:00:02,nw_src=10.9.0.2 actions=NORMAL
 cookie=0x706c000000000001, priority=200,in_port=2 actions=drop
 cookie=0x706c000000000002, priority=200,in_port=3 actions=drop
`;

test("a cookie is an id's, and one of ours", () => {
  expect(cookieOf("one")).toMatch(/^0x706c[\da-f]{12}$/);
  expect(cookieOf("one")).toBe(cookieOf("one"));
  expect(cookieOf("one")).not.toBe(cookieOf("two"));
});

test("a port may send from its own addresses, ask for them, and nothing else", () => {
  const cookie = `cookie=${cookieOf("one")}`;
  const from = `${cookie},priority=210,in_port=3,dl_src=02:00:0a:0a:00:01`;

  const flows = renderFlows({ id: "one", ofport: 3, mac: "02:00:0a:0a:00:01", addresses: ["10.10.0.1"] });

  expect(flows).toEqual([
    `delete ${cookie}/-1`,
    `add ${from},ip,nw_src=10.10.0.1,actions=NORMAL`,
    `add ${from},arp,arp_sha=02:00:0a:0a:00:01,arp_spa=10.10.0.1,actions=NORMAL`,
    `add ${from},arp,arp_sha=02:00:0a:0a:00:01,arp_spa=0.0.0.0,arp_tpa=10.10.0.1,actions=NORMAL`,
    `add ${cookie},priority=200,in_port=3,actions=drop`,
  ]);
  expect(flows.length - 1).toBe(flowCount(1));
});

test("flows are counted by cookie", () => {
  expect(parseCookies(DUMP)).toEqual(
    new Map([
      ["0x706c000000000001", 2],
      ["0x706c000000000002", 1],
    ]),
  );
  expect(parseCookies("")).toEqual(new Map());
});

test("all containers' flows change in one bundle; for none nothing is run", async () => {
  const runs: (string | undefined)[][] = [];
  const run: Exec = async (argv, options) => {
    runs.push([argv.join(" "), options?.input]);
    return { stdout: DUMP, stderr: "", code: 0 };
  };
  const flows = new Flows({ runFolder: "/run/ovs", run });

  await flows.ensure("br0", []);
  await flows.remove("br0", ["one", "two"]);
  expect((await flows.count("br0")).size).toBe(2);

  expect(runs).toEqual([
    [
      "ovs-ofctl -O OpenFlow14 --bundle add-flows unix:/run/ovs/br0.mgmt -",
      `delete cookie=${cookieOf("one")}/-1\ndelete cookie=${cookieOf("two")}/-1\n`,
    ],
    [
      "ovs-ofctl -O OpenFlow14 --no-stats --no-names dump-flows unix:/run/ovs/br0.mgmt cookie=0x706c000000000000/0xffff000000000000",
      undefined,
    ],
  ]);
});
