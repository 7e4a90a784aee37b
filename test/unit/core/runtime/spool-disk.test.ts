import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { SpoolDisk, type SpoolDiskOptions } from "../../../../core/runtime/spool-disk.ts";
import { HEADER_BYTES } from "../../../../core/runtime/spool-record.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { FailingFiles } from "../../../support/failing-files.ts";
import { recordLog } from "../../../support/record-log.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** Two records of 100 bytes fit into a segment, 32 into all. */
const MAX_BYTES = 16 * 2 * (HEADER_BYTES + 100);

async function open(options: Partial<SpoolDiskOptions> = {}) {
  const directory = options.directory ?? cleanup.temporaryFolder();
  const files = new FailingFiles();
  const log = recordLog();
  const disk = new SpoolDisk({ directory, maxBytes: MAX_BYTES, isSynced: false, files, log, ...options });
  cleanup.add("disk", () => disk.close());
  await disk.load();
  return { disk, directory, files, log };
}

function append(disk: SpoolDisk, ...ids: readonly number[]): Promise<void> {
  return ids.reduce(
    (before, id) =>
      before.then(() =>
        disk.append({ id, samples: 10, timeMs: id * 1000, body: new Uint8Array(100).fill(id) }),
      ),
    Promise.resolve(),
  );
}

async function idsOf(disk: SpoolDisk, fromId = 0): Promise<number[]> {
  const ids: number[] = [];
  for await (const { id } of disk.entries(fromId, 1000)) ids.push(id);
  return ids;
}

const numbers = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

function spoolFilesIn(directory: string): string[] {
  return readdirSync(directory).filter((name) => name.endsWith(".spool"));
}

test("goes on where it ended, from any record on, and files that are done with are removed", async () => {
  const { disk, directory } = await open();
  await append(disk, ...numbers(1, 7));
  expect(spoolFilesIn(directory)).toEqual([1, 3, 5, 7].map((id) => `${String(id).padStart(16, "0")}.spool`));
  await disk.acknowledge(3);
  await disk.close();

  const { disk: again } = await open({ directory });
  expect(await idsOf(again)).toEqual([4, 5, 6, 7]);
  expect(await idsOf(again, 6)).toEqual([6, 7]);
  expect(again).toMatchObject({ length: 4, lastId: 7, waitingBytes: 4 * (HEADER_BYTES + 100) });
  await again.acknowledge(7);
  expect(spoolFilesIn(directory)).toHaveLength(1);
  await append(again, 8, 9, 10);
  expect(await idsOf(again)).toEqual([8, 9, 10]);
  expect(spoolFilesIn(directory)).toHaveLength(2);
});

test("at the bound the oldest file goes, and what no bound allows", async () => {
  const { disk } = await open();
  await append(disk, ...numbers(1, 33));

  expect(await idsOf(disk)).toEqual(numbers(3, 33));
  expect(disk.dropped).toMatchObject({ full: 20, disk: 0 });
  await disk.append({ id: 34, samples: 7, timeMs: 0, body: new Uint8Array(MAX_BYTES) });
  expect(disk.dropped.full).toBe(27);
});

test("what is too old goes by files, except the last", async () => {
  const { disk } = await open();
  await append(disk, 1, 2, 3, 4, 5);
  await disk.dropOlderThan(3500);
  expect(await idsOf(disk)).toEqual([3, 4, 5]);
  await disk.dropOlderThan(1e9);

  expect(await idsOf(disk)).toEqual([5]);
  expect(disk.dropped.expired).toBe(40);
  expect([await disk.dropOldest("expired"), await disk.dropOldest("expired")]).toEqual([true, false]);
  expect(disk).toMatchObject({ length: 0, lastId: 0 });
});

test("a full disk is given the space of the oldest files first; without any left the error is the caller's", async () => {
  const { disk, files } = await open();
  await append(disk, 1, 2, 3, 4);
  files.roomBytes = 10;
  const { unlink } = files;
  files.unlink = async (path) => {
    await unlink.call(files, path);
    files.roomBytes = 2 * (HEADER_BYTES + 100);
  };
  await append(disk, 5);
  expect(await idsOf(disk)).toEqual([3, 4, 5]);
  expect(disk.dropped).toMatchObject({ disk: 20, full: 0 });

  files.unlink = unlink;
  files.roomBytes = 60;
  await expect(append(disk, 6)).rejects.toMatchObject({ code: "ENOSPC" });
  expect(await idsOf(disk)).toEqual([5]);
  files.roomBytes = 1000;
  await append(disk, 6);
  expect(await idsOf(disk)).toEqual([5, 6]);
});

test("a failing disk throws, and what was half written is not there", async () => {
  const { disk, files, directory } = await open();
  await append(disk, 1);
  files.failing.add("truncate");
  files.roomBytes = 60;
  await expect(append(disk, 2)).rejects.toMatchObject({ code: "ENOSPC" });
  expect(await idsOf(disk)).toEqual([1]);
  await disk.close();

  expect(await idsOf((await open({ directory })).disk)).toEqual([1]);
});

test("a corrupt record costs itself, is kept aside and told once; nothing is written behind it", async () => {
  const { disk, directory } = await open();
  await append(disk, 1, 2, 3);
  await disk.close();
  const [name = ""] = spoolFilesIn(directory);
  const bytes = readFileSync(join(directory, name));
  bytes[HEADER_BYTES + 5] = 99;
  writeFileSync(join(directory, name), bytes);

  const { disk: again, log } = await open({ directory });
  expect([await idsOf(again), await idsOf(again)]).toEqual([
    [2, 3],
    [2, 3],
  ]);
  expect(again).toMatchObject({ length: 2, dropped: { corrupt: 10 } });
  expect(log.lines.map(({ message }) => message)).toEqual(["spool record is corrupt, set aside"]);
  expect(readFileSync(join(directory, "corrupt", "1-0"))).toEqual(bytes.subarray(0, HEADER_BYTES + 100));
  await append(again, 4);
  expect(await idsOf(again)).toEqual([2, 3, 4]);
});

test("a header lost while the file was open is counted when the file is done with", async () => {
  const { disk, directory } = await open();
  await append(disk, 1, 2, 3);
  const [name = ""] = spoolFilesIn(directory);
  const bytes = readFileSync(join(directory, name));
  bytes[10] = 99;
  writeFileSync(join(directory, name), bytes);

  expect(await idsOf(disk)).toEqual([2, 3]);
  await disk.acknowledge(3);
  expect(disk).toMatchObject({ length: 0, dropped: { corrupt: 10 } });
});

test("of many corrupt records sixteen are kept", async () => {
  const { disk, directory } = await open({ maxBytes: 1e6 });
  await append(disk, ...numbers(1, 20));
  const [name = ""] = spoolFilesIn(directory);
  const bytes = readFileSync(join(directory, name));
  for (let i = 0; i < 20; i++) bytes[i * (HEADER_BYTES + 100) + HEADER_BYTES] = 99;
  writeFileSync(join(directory, name), bytes);

  expect(await idsOf(disk)).toEqual([]);
  expect(disk.dropped.corrupt).toBe(200);
  expect(readdirSync(join(directory, "corrupt"))).toHaveLength(16);
});

test("files that cannot be read cost what is in them: at the start, and later", async () => {
  const { disk, directory } = await open();
  await append(disk, 1, 2, 3);
  await disk.close();
  mkdirSync(join(directory, `${"0".repeat(15)}9.spool`));
  writeFileSync(join(directory, "notes.txt"), "not ours");

  const { disk: again, files, log } = await open({ directory });
  expect(await idsOf(again)).toEqual([1, 2, 3]);
  files.failing.add("read");
  expect(await idsOf(again)).toEqual([]);
  expect(again.dropped.corrupt).toBe(30);
  expect(log.lines.map(({ message }) => message)).toEqual(Array(3).fill("spool file cannot be read"));
});

test("a mark that cannot be written is no more than a second delivery after a restart", async () => {
  const { disk, directory, files, log } = await open();
  await append(disk, 1, 2);
  files.failing.add("write");
  await disk.acknowledge(1);
  expect(await idsOf(disk)).toEqual([2]);
  expect(log.lines).toMatchObject([{ message: "spool file cannot be changed" }]);

  expect(await idsOf((await open({ directory })).disk)).toEqual([1, 2]);
});

test("a new file is synced together with its directory before it is relied on", async () => {
  const { disk, files } = await open({ isSynced: true });
  await append(disk, 1, 2);
  files.done.splice(0);
  await append(disk, 3);
  await disk.sync();

  expect(files.done).toEqual(["open", "sync", "open", "sync", "close", "write", "sync"]);
});

test("files that a kill has left behind acknowledged ones are removed", async () => {
  const { disk, directory } = await open();
  await append(disk, 1, 2, 3, 4);
  await disk.close();
  const [first = "", second = ""] = spoolFilesIn(directory);
  // As if the process had been killed between marking the third record and removing the first file.
  const bytes = readFileSync(join(directory, second));
  bytes[4] = 1;
  writeFileSync(join(directory, second), bytes);

  expect(await idsOf((await open({ directory })).disk)).toEqual([4]);
  expect(spoolFilesIn(directory)).not.toContain(first);
  truncateSync(join(directory, second), 0);
  const { disk: empty } = await open({ directory });
  expect(empty).toMatchObject({ length: 0, lastId: 2 });
});
