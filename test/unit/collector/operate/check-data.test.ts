import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parseForward } from "../../../../collector/forward-url.ts";
import { checkData } from "../../../../collector/operate/check-data.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("where there is room it is well, also for a folder that is to be made", () => {
  const folder = cleanup.temporaryFolder();
  for (const data of [folder, join(folder, "a/b")])
    expect(checkData({ data, forwards: [] })[0]).toMatchObject({
      state: "ok",
      what: expect.stringMatching(new RegExp(`^data ${data}: \\d+ MiB free$`)),
    });
});

test("queues that may grow beyond the disk are told", () => {
  const url = "remote-write+http://127.0.0.1:1/w";
  const forwards = Array.from({ length: 10_000 }, () => parseForward("f", { url, queueMiB: 8192 }));
  const [space] = checkData({ data: cleanup.temporaryFolder(), forwards });
  expect(space).toMatchObject({ state: "note", hint: "the queues of all sinks may take 81920000 MiB" });
});

test("what was damaged, what is gone after a start, what cannot be a folder", () => {
  const folder = cleanup.temporaryFolder();
  writeFileSync(join(folder, "history.db.damaged-2"), "");
  expect(checkData({ data: folder, forwards: [] }).map(({ what }) => what)).toContain(
    `data ${folder}: history.db.damaged-2 was damaged and set aside`,
  );
  expect(checkData({ data: "/dev/shm/none-yet", forwards: [] })).toContainEqual(
    expect.objectContaining({ what: expect.stringContaining("is on tmpfs") }),
  );
  expect(checkData({ data: "/proc/version/x", forwards: [] })).toMatchObject([{ state: "wrong" }]);
  const file = join(folder, "a-program");
  writeFileSync(file, "", { mode: 0o755 });
  expect(checkData({ data: file, forwards: [] })).toMatchObject([{ state: "wrong" }]);
  expect(checkData({ data: "none", forwards: [] })).toMatchObject([{ state: "note" }]);
});
