import { createServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import { checkServices } from "../../../../../provisioner/host/checks/services.ts";
import { parseHostConfig } from "../../../../../provisioner/host/config.ts";
import { checkContext } from "../../../../support/check-context.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { freePort } from "../../../../support/free-port.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

test("the shim, and each receiver", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanup.add("receiver", () => new Promise((resolve) => server.close(() => resolve())));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const there = `remote-write+http://127.0.0.1:${port}/api/v1/write`;
  const gone = `graphite+tcp://127.0.0.1:${await freePort()}`;
  const { status } = checkContext({});

  const findings = await checkServices(
    checkContext({
      config: parseHostConfig("h", {
        push: [there, gone],
        collector: { url: `http://127.0.0.1:${port}` },
        socket: "/nowhere/socket",
      }),
      status: { ...status, shim: { mount: "/shim" } },
    }),
  );

  expect(findings.map(({ state, what }) => `${state}: ${what}`)).toEqual([
    "ok: the shim serves /shim",
    "note: plimsoll serve does not run: what breaks is mended by plimsoll ct repair only",
    `ok: http://127.0.0.1:${port} answers`,
    `ok: ${there} answers`,
    `note: ${gone} does not answer: samples wait in the machines' spools`,
  ]);
});

test("neither", async () => {
  expect((await checkServices(checkContext({}))).map(({ state }) => state)).toEqual([
    "wrong",
    "note",
    "note",
  ]);
});
