import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Candidate,
  type PlacementRequest,
  type PlacementRules,
  planPlacement,
  renderRefusal,
} from "../../../../provisioner/fleet/placement.ts";
import { addRoom, fitsInto, NO_ROOM, subtractRoom } from "../../../../provisioner/fleet/room.ts";
import type { Room } from "../../../../provisioner/fleet/types.ts";

const GIB = 2 ** 30;
const ANY: PlacementRules = { hostLabels: {}, partial: false };

function room(cpus: number): Room {
  return { cpus, memoryBytes: cpus * GIB, diskBytes: cpus * 10 * GIB };
}

function host(name: string, changes: Partial<Candidate> = {}): Candidate {
  return { name, state: "ready", labels: {}, capacity: room(4), used: NO_ROOM, images: [], ...changes };
}

function machines(count: number, cpus = 1): readonly PlacementRequest[] {
  const image = "debian:12";
  return Array.from({ length: count }, (_, index) => ({
    name: `web-${index + 1}`,
    image,
    needs: room(cpus),
  }));
}

function hostsOf(...args: Parameters<typeof planPlacement>): readonly string[] {
  return planPlacement(...args).placed.map((each) => each.host);
}

test("each goes where the most is left", () => {
  const hosts = [host("h2", { used: room(2) }), host("h1")];

  expect(hostsOf(hosts, machines(4), ANY)).toEqual(["h1", "h1", "h1", "h2"]);
});

test("one that has the image goes before one that has more left, as long as there is room", () => {
  const hosts = [host("h1"), host("h2", { used: room(2), images: ["debian:12"] })];

  expect(planPlacement(hosts, machines(3), ANY).placed).toEqual([
    { name: "web-1", host: "h2", hasImage: true },
    { name: "web-2", host: "h2", hasImage: true },
    { name: "web-3", host: "h1", hasImage: false },
  ]);
});

test("it is not waited for where --spread or labels have it otherwise", () => {
  const warm = host("h2", { images: ["debian:12"], labels: { disk: "hdd" } });

  expect(hostsOf([host("h1"), warm], machines(4), { ...ANY, spread: "host" }).toSorted()).toEqual([
    ...["h1", "h1"],
    ...["h2", "h2"],
  ]);
  const fast = host("h1", { labels: { disk: "ssd" } });
  expect(hostsOf([fast, warm], machines(1), { ...ANY, hostLabels: { disk: "ssd" } })).toEqual(["h1"]);
});

test("of a batch of four two go to each of two hosts", () => {
  expect(hostsOf([host("h1"), host("h2")], machines(4), { ...ANY, spread: "host" }).toSorted()).toEqual([
    ...["h1", "h1"],
    ...["h2", "h2"],
  ]);
});

test("a label's values get as many each, however many hosts have them", () => {
  const hosts = [
    host("h1", { labels: { rack: "a" } }),
    host("h2", { labels: { rack: "a" } }),
    host("h3", { labels: { rack: "b" } }),
  ];

  expect(hostsOf(hosts, machines(4), { ...ANY, spread: "rack" }).toSorted()).toEqual([
    ...["h1", "h2"],
    ...["h3", "h3"],
  ]);
});

test("all or none, unless those are wanted for which there is room", () => {
  const hosts = [host("h1", { capacity: room(2) })];

  expect(planPlacement(hosts, machines(3), ANY).placed).toEqual([]);
  expect(hostsOf(hosts, machines(3), { ...ANY, partial: true })).toEqual(["h1", "h1"]);
});

test("who is refused is told why, host by host", () => {
  const hosts = [
    host("h1", { state: "lost" }),
    host("h2", { used: room(3.5) }),
    host("h3", { labels: { disk: "ssd" }, capacity: { ...room(4), memoryBytes: 0 } }),
  ];
  const explain = (rules: Partial<PlacementRules>, names = hosts): string[] =>
    planPlacement(names, machines(1), { ...ANY, ...rules }).refused.map(renderRefusal);

  expect(explain({})).toEqual([
    "web-1: no host for it: h1 is lost, h2 has 0.5 CPUs free, 1 needed; 512 MiB of memory free, 1 GiB needed; 5 GiB of disk free, 10 GiB needed, h3 has 0 B of memory free, 1 GiB needed",
  ]);
  expect(explain({ hostLabels: { disk: "hdd" } })).toEqual([
    "web-1: no host for it: h1 is lost, h2 has not the label disk=hdd, h3 has not the label disk=hdd",
  ]);
  expect(explain({ on: "h1" })).toEqual(["web-1: no host for it: h1 is lost"]);
  expect(explain({ on: "h9" })).toEqual(["web-1: no host for it: no host h9 in the fleet"]);
  expect(explain({}, [])).toEqual(["web-1: no host for it: no host in the fleet"]);
  expect(explain({ spread: "rack" })[0]).toContain("h2 has no label rack to spread over");
});

test("where the emptiest group is full the rest is refused", () => {
  const hosts = [host("h1"), host("h2", { capacity: room(1) })];
  const { placed, refused } = planPlacement(hosts, machines(4), { ...ANY, spread: "host", partial: true });

  expect(placed).toHaveLength(3);
  expect(refused.map(renderRefusal)).toEqual([
    "web-4: no host for it: h1 would get too many for --spread host, h1, h2 has 0 CPUs free, 1 needed; 0 B of memory free, 1 GiB needed; 0 B of disk free, 10 GiB needed",
  ]);
});

const anyRoom = fc.record({
  cpus: fc.integer({ min: 1, max: 800 }).map((hundredths) => hundredths / 100),
  memoryBytes: fc.integer({ min: 1, max: 64 }),
  diskBytes: fc.integer({ min: 1, max: 64 }),
});
const anyHosts = fc
  .array(
    fc.record({
      state: fc.constantFrom("ready", "ready", "ready", "draining", "lost", "fenced"),
      rack: fc.constantFrom("a", "b", undefined),
      capacity: anyRoom,
      used: anyRoom,
      images: fc.subarray(["debian:12", "app:v1"]),
    }),
    { maxLength: 6 },
  )
  .map((hosts) =>
    hosts.map(({ rack, ...rest }, index): Candidate => {
      const labels: Record<string, string> = rack === undefined ? {} : { rack };
      return { name: `h${index}`, labels, ...rest } as Candidate;
    }),
  );
const anyRequests = fc
  .array(fc.record({ needs: anyRoom, image: fc.constantFrom("debian:12", "app:v1", "none:v1") }), {
    maxLength: 12,
  })
  .map((all) => all.map((each, index): PlacementRequest => ({ name: `m${index}`, ...each })));
const anyRules = fc.record({
  on: fc.constantFrom(undefined, undefined, "h1"),
  hostLabels: fc.constantFrom({}, {}, { rack: "a" }),
  spread: fc.constantFrom(undefined, "host", "rack"),
  partial: fc.boolean(),
});

test("never over capacity, only onto hosts that may have it, all or nothing, each exactly once", () => {
  fc.assert(
    fc.property(anyHosts, anyRequests, anyRules, (hosts, requests, rules) => {
      const { placed, refused } = planPlacement(hosts, requests, rules);
      const needsOf = (name: string): Room => requests.find((each) => each.name === name)?.needs ?? NO_ROOM;
      for (const each of hosts) {
        const got = placed.filter((one) => one.host === each.name).map(({ name }) => needsOf(name));
        if (got.length === 0) continue;
        expect(fitsInto(got.reduce(addRoom, each.used), each.capacity)).toBe(true);
        expect(each.state).toBe("ready");
        expect(each.labels).toMatchObject(rules.hostLabels);
        expect(rules.on ?? each.name).toBe(each.name);
      }
      const isNone = refused.length > 0 && !rules.partial;
      const names = [...placed, ...(isNone ? [] : refused)].map(({ name }) => name);
      expect(names.toSorted()).toEqual(isNone ? [] : requests.map(({ name }) => name).toSorted());
      expect(refused.every(({ why }) => why.length > 0)).toBe(true);
    }),
  );
});

test("no group gets two more than another", () => {
  fc.assert(
    fc.property(anyHosts, anyRequests, fc.constantFrom("host", "rack"), (hosts, requests, spread) => {
      const rules = { hostLabels: {}, spread, partial: true };
      const groupOf = ({ name, labels }: Candidate): string =>
        (spread === "host" ? name : labels[spread]) ?? "";
      const open = hosts.filter((each) => each.state === "ready" && groupOf(each) !== "");
      const counts = new Map(open.map((each) => [groupOf(each), 0]));
      for (const one of planPlacement(hosts, requests, rules).placed) {
        const group = open.filter(({ name }) => name === one.host).map(groupOf)[0] ?? "";
        counts.set(group, (counts.get(group) ?? 0) + 1);
      }
      const all = [...counts.values()];
      expect(Math.max(0, ...all) - Math.min(...all, Number.POSITIVE_INFINITY)).toBeLessThanOrEqual(1);
    }),
  );
});

test("a host that fetches an image is one that none could spare it: who has it is full, or may not have it", () => {
  const rules = fc.record({ hostLabels: fc.constantFrom({}, { rack: "a" }), partial: fc.constant(true) });
  fc.assert(
    fc.property(anyHosts, anyRequests, rules, (hosts, requests, chosen) => {
      const used = new Map(hosts.map((each) => [each.name, each.used]));
      for (const { name, host: to, hasImage } of planPlacement(hosts, requests, chosen).placed) {
        const { image = "", needs = NO_ROOM } = requests.find((each) => each.name === name) ?? {};
        const warm = hosts.filter(
          ({ images, state, labels }) =>
            images.includes(image) &&
            state === "ready" &&
            (chosen.hostLabels.rack ?? labels.rack) === labels.rack,
        );
        const spared = warm.filter((each) =>
          fitsInto(needs, subtractRoom(each.capacity, used.get(each.name) ?? NO_ROOM)),
        );
        expect(hasImage).toBe(spared.length > 0);
        expect(hasImage).toBe(warm.some((each) => each.name === to));
        used.set(to, addRoom(used.get(to) ?? NO_ROOM, needs));
      }
    }),
  );
});

test("the answer does not depend on the order of the hosts", () => {
  fc.assert(
    fc.property(anyHosts, anyRequests, anyRules, (hosts, requests, rules) => {
      expect(planPlacement(hosts.toReversed(), requests, rules)).toEqual(
        planPlacement(hosts, requests, rules),
      );
    }),
  );
});
