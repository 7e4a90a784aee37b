import { expect, test } from "vitest";
import { Links, namespaceOfPid } from "../../../../provisioner/drivers/links.ts";
import { type Devices, toldNamespaces } from "../../../support/namespaces.ts";

const MAC = "02:00:0a:0a:00:01";
const placement = { name: "c1", namespace: "/run/netns/c", inside: "eth0", mac: MAC };

function open(
  home: Devices,
  inside: Devices,
): { readonly links: Links; readonly changes: readonly string[] } {
  const { changes, run } = toldNamespaces({ "/home": home, "/run/netns/c": inside });
  return { links: new Links({ home: "/home", run }), changes };
}

test("a device at home is moved, and gets its name on the way", async () => {
  const { links, changes } = open({ c1: MAC }, {});

  await links.place(placement);

  expect(changes).toEqual(["/home: link set dev c1 netns /run/netns/c name eth0"]);
});

test("a device that is there already stays", async () => {
  const { links, changes } = open({}, { eth0: MAC });

  await links.place(placement);

  expect(changes).toEqual([]);
});

test("an orphan inside makes room for the new device", async () => {
  const { links, changes } = open({ c1: MAC }, { eth0: MAC });

  await links.place(placement);

  expect(changes).toEqual([
    "/run/netns/c: link delete dev eth0",
    "/home: link set dev c1 netns /run/netns/c name eth0",
  ]);
});

test("a device that is nowhere, and one of another, are errors", async () => {
  await expect(open({}, {}).links.place(placement)).rejects.toMatchObject({
    code: "LINK_ABSENT",
    message: "device c1: neither at home nor in /run/netns/c",
  });
  const other = { eth0: "02:00:00:00:00:99" };
  for (const act of ["place", "ensureVeth"] as const) {
    await expect(open({ c1: MAC }, other).links[act](placement)).rejects.toMatchObject({
      code: "LINK_TAKEN",
      message: `device eth0 in /run/netns/c: has 02:00:00:00:00:99, not ${MAC}: it is another`,
    });
  }
});

test("a device is taken back home under its own name, if it is there", async () => {
  const present = open({}, { eth0: MAC });
  const absent = open({}, {});

  await present.links.takeBack(placement);
  await absent.links.takeBack(placement);

  expect(present.changes).toEqual([
    "/run/netns/c: link set dev eth0 down",
    "/run/netns/c: link set dev eth0 netns /home name c1",
  ]);
  expect(absent.changes).toEqual([]);
});

test("a pair is made whole", async () => {
  const add = `/home: link add c1 type veth peer name eth0 netns /run/netns/c address ${MAC}`;
  const up = "/home: link set dev c1 up";
  const whole = open({ c1: "x" }, { eth0: MAC });
  const none = open({}, {});
  const half = open({ c1: "x" }, {});

  expect(await whole.links.ensureVeth(placement)).toBe(false);
  expect(await none.links.ensureVeth(placement)).toBe(true);
  expect(await half.links.ensureVeth(placement)).toBe(true);

  expect(whole.changes).toEqual([up]);
  expect(none.changes).toEqual([add, up]);
  expect(half.changes).toEqual(["/home: link delete dev c1", add, up]);
});

test("only a device that is there is removed", async () => {
  const { links, changes } = open({ c1: MAC }, {});

  await links.remove("c1");
  await links.remove("c2");

  expect(changes).toEqual(["/home: link delete dev c1"]);
});

test("a device is brought up, configured, and has its checksums computed", async () => {
  const { links, changes } = open({}, { eth0: MAC });

  await links.raise("/run/netns/c", "eth0");
  await links.configure("/run/netns/c", "eth0", { addresses: ["10.10.0.1/24"] });
  await links.disableChecksumOffload("/run/netns/c", "eth0");

  expect(changes).toEqual([
    "/run/netns/c: link set dev lo up",
    "/run/netns/c: link set dev eth0 up",
    "/run/netns/c: address replace 10.10.0.1/24 dev eth0",
    "/run/netns/c: ethtool -K eth0 tx off",
  ]);
  await expect(links.configure("/run/netns/c", "eth1", { addresses: [] })).rejects.toMatchObject({
    code: "LINK_ABSENT",
  });
});

test("an error names the line and the reason", async () => {
  const { links } = open({}, { broken: MAC });

  await expect(links.raise("/run/netns/c", "broken")).rejects.toThrow(
    "ip link set dev broken up: RTNETLINK answers: broken",
  );
});

test("a process stands for its namespace", () => {
  expect(namespaceOfPid(42)).toBe("/proc/42/ns/net");
  expect(new Links().home).toBe(`/proc/${process.pid}/ns/net`);
});
