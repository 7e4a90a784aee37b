import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type LinkSpec,
  type LinkState,
  parseDeviceNames,
  parseLinks,
  planLink,
} from "../../../../provisioner/drivers/links-state.ts";

const SAMPLE = `[{"ifindex":1,"ifname":"lo","flags":["LOOPBACK"],"mtu":65536,"address":"00:00:00:00:00:00","addr_info":[]},{"ifindex":4,"ifname":"eth0","flags":["BROADCAST","UP","LOWER_UP"],"mtu":1500,"address":"02:00:0a:0a:00:01","addr_info":[{"family":"inet","local":"10.10.0.1","prefixlen":24,"scope":"global"},{"family":"inet6","local":"fe80::1","prefixlen":64,"scope":"link"}]}]
[{"dst":"default","gateway":"10.10.0.254","dev":"eth0","flags":[]}]
`;

const link: LinkState = {
  name: "eth0",
  mac: "02:00:0a:0a:00:01",
  mtu: 1500,
  isUp: true,
  hasCarrier: true,
  addresses: ["10.10.0.1/24"],
  gateway: "10.10.0.254",
};
const same: LinkSpec = { addresses: ["10.10.0.1/24"], gateway: "10.10.0.254" };

test("devices with their IPv4 addresses and default route", () => {
  expect(parseLinks(SAMPLE)).toEqual([
    {
      name: "lo",
      mac: "00:00:00:00:00:00",
      mtu: 65_536,
      isUp: false,
      hasCarrier: false,
      addresses: [],
      gateway: undefined,
    },
    link,
  ]);
});

test("names alone, as the kernel lists them", () => {
  const text = `Inter-|   Receive                            |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets
    lo: 1304808 90698 0 0 0 0 0 0 1304808 90698
plim0a1b2c3d4e5:0 0 0 0 0 0 0 0 0 0
`;
  expect([...parseDeviceNames(text)]).toEqual(["lo", "plim0a1b2c3d4e5"]);
});

test("a namespace without routes, and output that is none", () => {
  expect(parseLinks("[]\n[]\n")).toEqual([]);
  expect(parseLinks("[]\n")).toEqual([]);
  expect(() => parseLinks("Cannot open")).toThrow("ip: output is not JSON");
  expect(() => parseLinks("")).toThrow("ip: output is not a list");
});

test("a device that is as wanted needs nothing", () => {
  expect(planLink(link, same)).toEqual([]);
  expect(planLink(link, { ...same, mtu: 1500 })).toEqual([]);
});

test("what differs is changed, in an order that works", () => {
  expect(planLink(link, { mtu: 9000, addresses: ["10.20.0.1/24"], gateway: "10.20.0.254" })).toEqual([
    "link set dev eth0 mtu 9000",
    "address delete 10.10.0.1/24 dev eth0",
    "address replace 10.20.0.1/24 dev eth0",
    "route replace default via 10.20.0.254 dev eth0",
  ]);
  expect(planLink({ ...link, isUp: false, addresses: [], gateway: undefined }, same)).toEqual([
    "address replace 10.10.0.1/24 dev eth0",
    "link set dev eth0 up",
    "route replace default via 10.10.0.254 dev eth0",
  ]);
});

test("a route that is not wanted goes", () => {
  expect(planLink(link, { addresses: link.addresses })).toEqual(["route flush exact default dev eth0"]);
  expect(planLink({ ...link, gateway: undefined }, { addresses: [] })).toEqual([
    "address delete 10.10.0.1/24 dev eth0",
  ]);
});

test("from any state a second plan has nothing left to do", () => {
  const addresses = fc.uniqueArray(fc.constantFrom("10.0.0.1/24", "10.0.0.2/24", "10.0.1.1/24"));
  const gateway = fc.constantFrom("10.0.0.254", "10.0.1.254", undefined);
  const state = fc.record({ isUp: fc.boolean(), addresses, gateway, mtu: fc.constantFrom(1500, 9000) });

  fc.assert(
    fc.property(state, state, (is, { addresses: shall, mtu, gateway: via }) => {
      const wanted = {
        addresses: shall,
        mtu,
        ...(via === undefined || shall.length === 0 ? {} : { gateway: via }),
      };
      const after = applyLines(
        { ...link, ...is, gateway: is.addresses.length > 0 ? is.gateway : undefined },
        wanted,
      );
      expect(planLink(after, wanted)).toEqual([]);
    }),
  );
});

/**
 * What the kernel makes of the lines: addresses of one network go with the first of them, and the
 * route with the last address.
 */
function applyLines(start: LinkState, wanted: LinkSpec): LinkState {
  let now = start;
  for (const line of planLink(start, wanted)) {
    const [object, verb, operand = "", fourth = "", via = ""] = line.split(" ");
    if (object === "address") now = applyAddress(now, verb === "delete", operand);
    if (fourth === "eth0" && line.includes(" mtu ")) now = { ...now, mtu: Number(line.split(" ").at(-1)) };
    if (line.endsWith(" up")) now = { ...now, isUp: true };
    if (object === "route") now = { ...now, gateway: verb === "replace" ? via : undefined };
  }
  return now;
}

function applyAddress(now: LinkState, isDeletion: boolean, address: string): LinkState {
  if (!isDeletion) return { ...now, addresses: [...new Set([...now.addresses, address])] };
  const network = (each: string): string => each.slice(0, each.lastIndexOf("."));
  const isPrimary = now.addresses.find((each) => network(each) === network(address)) === address;
  const addresses = now.addresses.filter(
    (each) => each !== address && !(isPrimary && network(each) === network(address)),
  );
  return { ...now, addresses, gateway: addresses.length === 0 ? undefined : now.gateway };
}
