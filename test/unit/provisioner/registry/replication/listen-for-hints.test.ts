import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { systemClock } from "../../../../../core/runtime/clock.ts";
import { Hints } from "../../../../../provisioner/registry/replication/hints.ts";
import { listenForHints } from "../../../../../provisioner/registry/replication/listen-for-hints.ts";
import { openStore } from "../../../../../provisioner/store/open.ts";
import { Cleanup } from "../../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const EVENTS = JSON.stringify({ events: [{ action: "push", target: { repository: "team/app" } }] });

test("hints are of who asked for them; a token is asked for", async () => {
  const store = await openStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => store.close());
  const [own, others] = [new Hints(store, systemClock, "own/"), new Hints(store, systemClock)];
  const tokenFile = join(cleanup.temporaryFolder(), "token");
  writeFileSync(tokenFile, "secret\n");
  expect(await listenForHints(own, {})).toBeUndefined();
  const server = await listenForHints(own, { listen: "127.0.0.1:0", tokenFile });
  cleanup.add("server", async () => server?.close());
  const post = async (authorization: string): Promise<number> =>
    (
      await fetch(`http://127.0.0.1:${server?.port}/`, {
        method: "POST",
        body: EVENTS,
        headers: { authorization },
      })
    ).status;

  expect([await post("Bearer wrong"), await post("Bearer secret")]).toEqual([401, 200]);
  expect((await own.list()).map(({ repository }) => repository)).toEqual(["team/app"]);
  expect(await others.list()).toEqual([]);
});

const EMPTY = join(cleanup.temporaryFolder(), "empty");
writeFileSync(EMPTY, "\n");

test.each([
  [{ listen: "9467" }, '--listen: "9467" is not HOST:PORT'],
  [{ listen: "127.0.0.1:99999" }, '--listen: "127.0.0.1:99999" is not HOST:PORT'],
  [{ listen: "0.0.0.0:9467" }, "--listen: beyond loopback a token is needed"],
  [{ listen: "127.0.0.1:0", tokenFile: "/none" }, "/none: cannot be read: ENOENT"],
  [{ listen: "127.0.0.1:0", tokenFile: EMPTY }, "/empty: has no token in it"],
  [{ tokenFile: EMPTY }, "--token-file goes with --listen"],
])("%o is refused", async (options, message) => {
  const store = await openStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => store.close());

  await expect(listenForHints(new Hints(store, systemClock), options)).rejects.toThrow(message);
});
