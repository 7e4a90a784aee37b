import { expect, test } from "vitest";
import { parseTokens } from "../../../../collector/trust/token-file.ts";
import { Trust, tokenOf } from "../../../../collector/trust/trust.ts";

const [MINE, ALL] = ["m".repeat(16), "a".repeat(16)];
const tokens = parseTokens("f", `${MINE} 10.0.0.7\n${ALL} *\n`);
const from = (address: string, token?: string) => ({ address, token });

test("address: from its own, in any spelling, or with its token", () => {
  const trust = new Trust("address", () => tokens);
  expect(trust.objection("10.0.0.7", from("10.0.0.7"))).toBeUndefined();
  expect(trust.objection("10.0.0.7", from("::ffff:10.0.0.7"))).toBeUndefined();
  expect(trust.objection("fd00::7", from("FD00:0::7"))).toBeUndefined();
  expect(trust.objection("10.0.0.7", from("10.0.0.8", MINE))).toBeUndefined();
  expect(trust.objection("10.0.0.9", from("10.0.0.8", ALL))).toBeUndefined();
  expect(trust.refused).toEqual({ address: 0, token: 0 });
  expect(trust.objection("10.0.0.7", from("127.0.0.1"))).toBe(
    "127.0.0.1 may not speak for 10.0.0.7: push from that address, or with its token",
  );
  expect(trust.objection("10.0.0.8", from("10.0.0.7", MINE))).toBe("the token is not one for 10.0.0.8");
  expect(trust.refused).toEqual({ address: 1, token: 1 });
});

test("token: its own address is not enough", () => {
  const trust = new Trust("token", () => tokens);
  expect(trust.objection("10.0.0.7", from("10.0.0.7"))).toBe("no token for 10.0.0.7");
  expect(trust.objection("10.0.0.7", from("10.0.0.7", MINE))).toBeUndefined();
});

test("any: everybody for everything", () => {
  expect(new Trust("any").objection("10.0.0.7", from("127.0.0.1"))).toBeUndefined();
});

test("operators are on this host or have the token for everything", () => {
  const trust = new Trust("any", () => tokens);
  const senders = [from("127.0.0.1"), from("::1"), from("::ffff:127.0.0.1"), from("10.0.0.7")];
  expect(senders.map((sender) => trust.isOperator(sender))).toEqual([true, true, true, false]);
  expect([ALL, MINE].map((token) => trust.isOperator(from("127.0.0.1", token)))).toEqual([true, false]);
});

test("where a token stands in a request", () => {
  const basic = `Basic ${Buffer.from("any:pass:word").toString("base64")}`;
  const headers = [
    "Bearer abc",
    "bearer  abc ",
    basic,
    "Digest x",
    "Bearer",
    undefined,
    "Token abc",
    "Token me:abc",
  ];
  expect(headers.map(tokenOf)).toEqual([
    "abc",
    "abc",
    "pass:word",
    undefined,
    undefined,
    undefined,
    "abc",
    "abc",
  ]);
});

test("a certificate speaks for the addresses in it, where addresses alone do not", () => {
  const trust = new Trust("token", () => tokens);
  const certificate = { covers: (address: string) => address === "10.0.0.7" };
  expect(trust.objection("10.0.0.7", { ...from("10.0.0.1"), certificate })).toBeUndefined();
  expect(trust.objection("10.0.0.8", { ...from("10.0.0.8"), certificate })).toBe("no token for 10.0.0.8");
});
