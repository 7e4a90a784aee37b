import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parseForward } from "../../../../collector/forward-url.ts";
import { checkFiles } from "../../../../collector/operate/check-files.ts";
import { makeAuthority } from "../../../support/certificates.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const NONE = { tokenFile: undefined, security: {}, forwards: [] };
const DAY_MS = 86_400_000;

test("tokens: how many, the line that is wrong, and who may read them", () => {
  const tokenFile = join(cleanup.temporaryFolder(), "tokens");
  const states = (text: string, mode = 0o600) => {
    writeFileSync(tokenFile, text);
    chmodSync(tokenFile, mode);
    return checkFiles({ ...NONE, tokenFile }, Date.now()).map(({ state, what }) => [state, what]);
  };
  expect(states("0123456789abcdef 10.0.0.7\n")).toEqual([["ok", `token file ${tokenFile}: 1 tokens`]]);
  expect(states("")).toEqual([["note", `token file ${tokenFile}: has no token`]]);
  expect(states("short 10.0.0.7\n")).toMatchObject([["wrong", expect.stringContaining(`${tokenFile}:1: `)]]);
  expect(states("0123456789abcdef *\n", 0o644)[1]).toEqual([
    "wrong",
    `token file ${tokenFile}: everybody on this host may read it`,
  ]);
});

test("a token file that is not there is told by its name", () => {
  expect(checkFiles({ ...NONE, tokenFile: "/nowhere/tokens" }, 0)).toMatchObject([
    { state: "wrong", what: expect.stringMatching(/^token file \/nowhere\/tokens: cannot be read: ENOENT/) },
  ]);
});

test("certificates: how long they are valid, soon over, over, and files that are none", async () => {
  const authority = await makeAuthority(cleanup.temporaryFolder());
  const files = await authority.issue("127.0.0.1", 40);
  const states = (nowMs: number) =>
    checkFiles({ ...NONE, security: { tls: { ...files, clientCa: undefined } } }, nowMs).map(
      ({ state }) => state,
    );
  const nowMs = Date.now();
  chmodSync(files.key, 0o600);
  expect([0, 30, 41, -1].map((days) => states(nowMs + days * DAY_MS))).toEqual([
    ["ok"],
    ["note"],
    ["wrong"],
    ["wrong"],
  ]);
  chmodSync(files.key, 0o604);
  expect(states(nowMs)).toEqual(["ok", "wrong"]);
  writeFileSync(files.cert, "x");
  expect(states(nowMs)).toEqual(["wrong"]);
});

test("files of a sink are told with the sink", () => {
  const url = "remote-write+http://127.0.0.1:1/w";
  const forwards = [parseForward("f", { url, bearerTokenFile: "/nowhere/token" })];
  expect(checkFiles({ ...NONE, forwards }, Date.now())).toMatchObject([
    {
      state: "wrong",
      what: expect.stringMatching(/^sink remote-write\+http:\/\/127.0.0.1:1\/w: ENOENT.*token/),
    },
  ]);
});
