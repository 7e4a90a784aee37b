import { expect, test } from "vitest";
import { parseDefaultRoute, parseDefaultRoute6 } from "../../../agent/default-route.ts";

const HEADER = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT";

function route(...rows: readonly string[]): string {
  return `${[HEADER, ...rows].join("\n")}\n`;
}

test("the default route's device, with the lowest metric", () => {
  const text = route(
    "eth1\t00000000\t010011AC\t0003\t0\t0\t200\t00000000\t0\t0\t0",
    "eth0\t00000000\t010011AC\t0003\t0\t0\t100\t00000000\t0\t0\t0",
    "eth2\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0",
  );

  expect(parseDefaultRoute(text)).toBe("eth0");
});

test("no default route, one that is down, one that rejects", () => {
  expect(parseDefaultRoute("")).toBeUndefined();
  expect(
    parseDefaultRoute(route("eth2\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0")),
  ).toBeUndefined();
  expect(
    parseDefaultRoute(route("eth0\t00000000\t010011AC\t0002\t0\t0\t0\t00000000\t0\t0\t0")),
  ).toBeUndefined();
  expect(parseDefaultRoute(route("*\t00000000\t00000000\t0201\t0\t0\t0\t00000000\t0\t0\t0"))).toBeUndefined();
});

test("half the default (0.0.0.0/1, as VPNs add it) is not it", () => {
  expect(
    parseDefaultRoute(route("tun0\t00000000\t010011AC\t0003\t0\t0\t0\t00000080\t0\t0\t0")),
  ).toBeUndefined();
});

const ANY = "0".repeat(32);
const GATEWAY = "fe800000000000000000000000000001";

test("IPv6: the device, not the rejecting route the kernel keeps on lo", () => {
  const reject = `${ANY} 00 ${ANY} 00 ${ANY} ffffffff 00000001 00000000 00200200       lo`;
  const real = `${ANY} 00 ${ANY} 00 ${GATEWAY} 00000400 00000001 00000000 00000003     eth0`;

  expect(parseDefaultRoute6(`${reject}\n${real}\n`)).toBe("eth0");
  expect(parseDefaultRoute6(`${reject}\n`)).toBeUndefined();
  expect(parseDefaultRoute6("")).toBeUndefined();
});
