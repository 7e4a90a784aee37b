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

  await links.place(await links.survey([placement]));

  expect(changes).toEqual(["/home: link set dev c1 netns /run/netns/c name eth0"]);
});

test("a device that is there already stays", async () => {
  const { links, changes } = open({}, { eth0: MAC });

  await links.place(await links.survey([placement]));

  expect(changes).toEqual([]);
});

test("an orphan inside makes room for the new device", async () => {
  const { links, changes } = open({ c1: MAC }, { eth0: MAC });

  await links.place(await links.survey([placement]));

  expect(changes).toEqual([
    "/run/netns/c: link delete dev eth0",
    "/home: link set dev c1 netns /run/netns/c name eth0",
  ]);
});

test("a device that is nowhere, and one of another, are errors", async () => {
  const { links } = open({}, {});
  await expect(links.place(await links.survey([placement]))).rejects.toMatchObject({
    code: "LINK_ABSENT",
    message: "device c1: neither at home nor in /run/netns/c",
  });
  await expect(
    open({ c1: MAC }, { eth0: "02:00:00:00:00:99" }).links.survey([placement]),
  ).rejects.toMatchObject({
    code: "LINK_TAKEN",
    message: `device eth0 in /run/netns/c: has 02:00:00:00:00:99, not ${MAC}: it is another`,
  });
});

test("of a process's namespace no command is asked which devices it has", async () => {
  const links = new Links({ run: () => Promise.reject(new Error("a command")) });
  const own = { ...placement, name: "lo", namespace: namespaceOfPid(process.pid), inside: "no-such" };

  expect(await links.survey([own])).toEqual([{ placement: own, isHome: true, isInside: false }]);
  await expect(links.survey([{ ...own, inside: "lo" }])).rejects.toThrow("a command");
  await expect(links.survey([{ ...own, namespace: namespaceOfPid(0) }])).rejects.toThrow("is gone");
});

test("for nothing no command is run", async () => {
  const { links, changes } = open({}, {});

  await links.place(await links.survey([]));
  await links.ensurePairs([]);
  await links.remove([]);

  expect(changes).toEqual([]);
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

test("one that keeps its name has the other as an alias, away from home", async () => {
  const keeping = { ...placement, inside: "c1", alias: "eth0" };
  const there = open({ c1: MAC }, {});
  const back = open({}, { c1: MAC });

  await there.links.place(await there.links.survey([keeping]));
  await back.links.takeBack(keeping);

  expect(there.changes).toEqual([
    "/home: link set dev c1 netns /run/netns/c name c1",
    "/run/netns/c: link property add dev c1 altname eth0",
  ]);
  expect(back.changes).toEqual([
    "/run/netns/c: link property del dev c1 altname eth0",
    "/run/netns/c: link set dev c1 down",
    "/run/netns/c: link set dev c1 netns /home name c1",
  ]);
});

test("a pair is made whole", async () => {
  const add = `/home: link add c1 type veth peer name eth0 netns /run/netns/c address ${MAC}`;
  const up = "/home: link set dev c1 up";
  const ensure = async (home: Devices, inside: Devices): Promise<unknown> => {
    const { links, changes } = open(home, inside);
    const made = await links.ensurePairs(await links.survey([placement]));
    return [made.map(({ name }) => name), ...changes];
  };

  expect(await ensure({ c1: "x" }, { eth0: MAC })).toEqual([[], up]);
  expect(await ensure({}, {})).toEqual([["c1"], add, up]);
  expect(await ensure({ c1: "x" }, {})).toEqual([["c1"], "/home: link delete dev c1", add, up]);
});

test("only devices that are there are removed", async () => {
  const { links, changes } = open({ c1: MAC }, {});

  await links.remove(["c1", "c2"]);

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
