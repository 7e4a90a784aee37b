import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { announce, announcementOf } from "../../../../provisioner/host/announce.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { freePort } from "../../../support/free-port.ts";
import { startHttpReceiver } from "../../../support/http-receiver.ts";
import { recordLog } from "../../../support/record-log.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const STOP = { change: "stop", for: "7d", reason: "plimsoll ct stop" } as const;

test("a stop is announced for long, a start ends that, and a destroyed machine's address is released", () => {
  expect(announcementOf("stop", "before")).toEqual(STOP);
  expect(announcementOf("start", "after")).toMatchObject({ change: "stop", for: "2m" });
  expect(announcementOf("destroy", "after")).toMatchObject({ change: "release" });
  expect(announcementOf("evacuate", "before")).toMatchObject({ change: "rebuild", for: "10m" });
  expect(announcementOf("create", "before")).toBeUndefined();
  expect(announcementOf("repair", "after")).toBeUndefined();
});

test("told with its token, to the machine's own address", async () => {
  const receiver = await startHttpReceiver(cleanup, () => ({ status: 200 }));
  const tokenFile = join(cleanup.temporaryFolder(), "token");
  writeFileSync(tokenFile, "secret\n");
  const log = recordLog();

  await announce(
    { collector: { url: `http://127.0.0.1:${receiver.port}`, tokenFile } },
    "10.0.0.7",
    STOP,
    log,
  );

  const [post] = receiver.posts;
  expect(post?.path).toBe("/api/v1/machines/10.0.0.7/announce");
  expect(post?.headers.authorization).toBe("Bearer secret");
  expect(JSON.parse(String(post?.body))).toEqual(STOP);
  expect(log.lines).toEqual([]);
});

test("a collector that is not there, or says no, is told of and stops nobody", async () => {
  const receiver = await startHttpReceiver(cleanup, () => ({ status: 403, body: "no" }));
  const log = recordLog();
  for (const port of [receiver.port, await freePort()])
    await announce(
      { collector: { url: `http://127.0.0.1:${port}`, tokenFile: undefined } },
      "10.0.0.7",
      STOP,
      log,
    );
  await announce({}, "10.0.0.7", STOP, log);

  expect(log.lines.map(({ message }) => message)).toEqual([
    "collector refuses to be told",
    "collector not told",
  ]);
});
