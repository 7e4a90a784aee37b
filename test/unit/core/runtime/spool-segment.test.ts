import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { spoolFiles } from "../../../../core/runtime/spool-files.ts";
import { HEADER_BYTES } from "../../../../core/runtime/spool-record.ts";
import { Segment } from "../../../../core/runtime/spool-segment.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const RECORD_BYTES = HEADER_BYTES + 100;

async function segmentOf(...ids: readonly number[]): Promise<Segment> {
  const segment = new Segment(spoolFiles, join(cleanup.temporaryFolder(), "1.spool"), ids[0] ?? 1);
  cleanup.add("segment", () => segment.close());
  await segment.create();
  for (const id of ids) {
    await segment.append({ id, samples: 10, timeMs: id * 1000, body: new Uint8Array(100).fill(id) });
  }
  return segment;
}

async function reopened(segment: Segment): Promise<Segment> {
  const again = new Segment(spoolFiles, segment.path, segment.firstId);
  cleanup.add("segment", () => again.close());
  await again.load(statSync(segment.path).size);
  return again;
}

async function idsOf(segment: Segment, windowBytes: number): Promise<number[]> {
  const ids: number[] = [];
  for (let at = segment.head; at < segment.size; ) {
    const { pieces, end } = await segment.read(at, windowBytes);
    for (const piece of pieces) if (piece.kind === "record") ids.push(piece.id);
    at = end;
  }
  return ids;
}

test.for([1, 30, RECORD_BYTES, 300, 10_000])("is read whole in windows of %i bytes", async (windowBytes) => {
  expect(await idsOf(await segmentOf(3, 4, 5, 6), windowBytes)).toEqual([3, 4, 5, 6]);
});

test("what is acknowledged stays so when it is opened again", async () => {
  const segment = await segmentOf(1, 2, 3);
  await segment.acknowledge(2);
  const again = await reopened(segment);

  for (const each of [segment, again]) {
    expect(each).toMatchObject({
      waitingRecords: 1,
      waitingSamples: 10,
      waitingBytes: RECORD_BYTES,
      lastId: 3,
      newestMs: 3000,
      isTouched: true,
      isCorrupt: false,
    });
    expect(await idsOf(each, 1000)).toEqual([3]);
  }
  await again.acknowledge(1);
  expect(again.waitingRecords).toBe(1);
});

test("what a killed writer has begun is cut off, and writing goes on there", async () => {
  const segment = await segmentOf(1, 2);
  truncateSync(segment.path, RECORD_BYTES + 50);
  const again = await reopened(segment);
  await again.append({ id: 2, samples: 1, timeMs: 0, body: new Uint8Array(5) });

  expect(await idsOf(again, 1000)).toEqual([1, 2]);
  expect(statSync(segment.path).size).toBe(RECORD_BYTES + HEADER_BYTES + 5);
});

test("a corrupt body is one piece, reported once; its bytes can be had", async () => {
  const segment = await segmentOf(1, 2, 3);
  const bytes = readFileSync(segment.path);
  bytes[RECORD_BYTES + HEADER_BYTES] = 99;
  writeFileSync(segment.path, bytes);
  const first = await segment.read(0, 10_000);

  expect(first.pieces.map(({ kind }) => kind)).toEqual(["record", "corrupt", "record"]);
  expect((await segment.read(0, 10_000)).pieces.map(({ kind }) => kind)).toEqual(["record", "record"]);
  const piece = first.pieces[1];
  if (piece?.kind !== "corrupt") throw new Error("not corrupt");
  expect(await segment.bytesOf(piece)).toEqual(bytes.subarray(piece.start, piece.end));
  segment.forget(piece);
  expect(segment.waitingRecords).toBe(2);
  await segment.acknowledge(3);
  expect(segment).toMatchObject({ waitingRecords: 0, waitingSamples: 0, waitingBytes: 0 });
});

test("a corrupt header is found at opening; acknowledging goes past it, and no further than asked", async () => {
  const segment = await segmentOf(1, 2, 3, 4);
  const bytes = readFileSync(segment.path);
  bytes[2 * RECORD_BYTES + 20] = 99;
  writeFileSync(segment.path, bytes);
  const again = await reopened(segment);

  expect(again).toMatchObject({ isCorrupt: true, waitingRecords: 3 });
  await again.acknowledge(1);
  expect(await idsOf(again, 10_000)).toEqual([2, 4]);
  await again.acknowledge(4);
  expect(again).toMatchObject({ waitingRecords: 0, waitingBytes: 0 });
});

test("a file that became shorter ends there", async () => {
  const segment = await segmentOf(1, 2);
  truncateSync(segment.path, 0);

  expect(await idsOf(segment, 1000)).toEqual([]);
  await segment.acknowledge(2);
  expect(segment.waitingRecords).toBe(2);
});
