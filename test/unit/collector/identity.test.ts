import { expect, test } from "vitest";
import { canonicalAddress, divideByMachine, machineOf } from "../../../collector/identity.ts";
import { DecodeError } from "../../../core/metrics/decode-error.ts";
import { gauge } from "../../support/push.ts";

test("an address has one spelling", () => {
  const f = (want: string | undefined, ...spellings: readonly (string | undefined)[]): void => {
    for (const spelling of spellings) expect(canonicalAddress(spelling)).toBe(want);
  };
  f("10.0.0.7", "10.0.0.7", "::ffff:10.0.0.7", "::FFFF:a00:7");
  f("fd00::1", "fd00::1", "FD00:0:0::0001");
  f("::1", "::1", "0:0:0:0:0:0:0:1");
  f(undefined, undefined, "", "10.0.0", "010.0.0.7", "10.0.0.7:9100", "host", "fe80::1%eth0", "[::1]");
});

test("the machine is instance; ip where instance is no address", () => {
  expect(machineOf({ instance: "10.0.0.7", ip: "10.0.0.8" })).toBe("10.0.0.7");
  expect(machineOf({ instance: "localhost:9100", ip: "10.0.0.8" })).toBe("10.0.0.8");
  expect(machineOf({ ip: "fd00:0::2" })).toBe("fd00::2");
  expect(machineOf({ instance: "web-7" })).toBeUndefined();
});

test("one request may speak of several machines; each keeps its order", () => {
  const series = [
    gauge("a", { instance: "10.0.0.7" }),
    gauge("b", { instance: "10.0.0.8" }),
    gauge("c", { ip: "10.0.0.7" }),
  ];
  const divided = divideByMachine(series).map(({ machine, series }) => [
    machine,
    series.map(({ name }) => name),
  ]);
  expect(divided).toEqual([
    ["10.0.0.7", ["a", "c"]],
    ["10.0.0.8", ["b"]],
  ]);
});

test("a series without a machine is named", () => {
  const series = [gauge("a", { instance: "10.0.0.7" }), gauge("load1", { instance: "web-7", job: "x" })];
  expect(() => divideByMachine(series)).toThrow(
    new DecodeError(
      "MALFORMED",
      'load1{instance="web-7",job="x"}: neither label instance nor label ip is an IP address',
    ),
  );
});
