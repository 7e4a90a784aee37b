import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { openSpool, type Spool, type SpoolOptions } from "../../../../core/runtime/spool.ts";
import { spoolFiles } from "../../../../core/runtime/spool-files.ts";
import { HEADER_BYTES } from "../../../../core/runtime/spool-record.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { FailingFiles } from "../../../support/failing-files.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { recordLog } from "../../../support/record-log.ts";
import { waitFor } from "../../../support/wait-for.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const BODY_BYTES = 100;
const RECORD_BYTES = HEADER_BYTES + BODY_BYTES;

async function open(options: Partial<SpoolOptions> = {}) {
  const clock = new ManualClock();
  const files = new FailingFiles();
  const log = recordLog();
  const spool = await openSpool({
    directory: cleanup.temporaryFolder(),
    maxBytes: 100 * RECORD_BYTES,
    maxHeldBytes: 1000,
    maxAgeMs: Number.POSITIVE_INFINITY,
    sync: "never",
    clock,
    log,
    files,
    ...options,
  });
  cleanup.add("spool", () => spool.close());
  return { spool, clock, files, log };
}

function record(value: number, timeMs = 0) {
  return { body: new Uint8Array(BODY_BYTES).fill(value), samples: 10, timeMs };
}

async function append(spool: Spool, ...values: readonly number[]): Promise<void> {
  for (const value of values) await spool.append(record(value));
}

async function values(spool: Spool, maxBytes = 1e6, fromId = 0): Promise<(number | undefined)[]> {
  return (await spool.peek({ maxBytes, fromId })).map(({ body }) => body[0]);
}

/** The same with a directory and without. */
const PLACES = [["on disk"], ["in memory", { directory: undefined }]] as const;

test.for(PLACES)("%s: in order, until acknowledged, as much as asked", async ([, options = {}]) => {
  const { spool } = await open(options);
  await append(spool, 1, 2, 3, 4);

  expect(spool).toMatchObject({ length: 4, lastId: 4 });
  expect(spool.bytes).toBeGreaterThan(4 * BODY_BYTES);
  expect(await values(spool, 1)).toEqual([1]);
  expect(await values(spool, 2 * BODY_BYTES)).toEqual([1, 2]);
  expect(await values(spool, 1e6, 3)).toEqual([3, 4]);
  await spool.acknowledge(2);
  await spool.acknowledge(1);
  expect(await values(spool)).toEqual([3, 4]);
  await spool.acknowledge(4);
  expect(spool).toMatchObject({ length: 0, bytes: 0 });
});

test.for(PLACES)("%s: the oldest goes for the newest, and is counted", async ([, options = {}]) => {
  const { spool } = await open({ ...options, maxBytes: 6 * (RECORD_BYTES + 200) });
  for (let i = 0; i < 40; i++) await append(spool, i);
  const left = await values(spool);

  expect(left.at(-1)).toBe(39);
  expect(left.length).toBeGreaterThan(3);
  expect(spool.dropped).toEqual({ full: (40 - left.length) * 10, disk: 0, expired: 0, corrupt: 0 });
});

test.for(PLACES)("%s: what is too old is given up", async ([, options = {}]) => {
  const { spool, clock } = await open({ ...options, maxAgeMs: 60_000 });
  const nowMs = clock.nowMs();
  for (const ageS of [90, 80, 50, 10]) await spool.append(record(ageS, nowMs - ageS * 1000));

  expect(await values(spool)).toEqual([50, 10]);
  await clock.advance(20_000);
  expect(await values(spool)).toEqual([10]);
  expect(spool).toMatchObject({ length: 1, dropped: { expired: 30 } });
});

test("a restart finds what was not acknowledged, byte for byte", async () => {
  const directory = cleanup.temporaryFolder();
  const { spool } = await open({ directory });
  await append(spool, 1, 2, 3);
  const before = await spool.peek({ maxBytes: 1e6 });
  await spool.acknowledge(1);
  await spool.close();

  const { spool: again } = await open({ directory });
  expect(await again.peek({ maxBytes: 1e6 })).toEqual(before.slice(1));
  await append(again, 4);
  expect(again.lastId).toBe(4);
});

test("one process at a time", async () => {
  const directory = cleanup.temporaryFolder();
  await open({ directory });

  await expect(open({ directory })).rejects.toMatchObject({ code: "LOCKED" });
});

test("a directory that cannot be used says so, and is not kept locked", async () => {
  const directory = cleanup.temporaryFolder();
  writeFileSync(join(directory, "file"), "");
  await expect(open({ directory: join(directory, "file") })).rejects.toThrow("EEXIST");

  const log = { ...recordLog(), warn: () => { throw new Error("no log"); } }; // biome-ignore format: one line
  writeFileSync(
    join(directory, `${"0".repeat(15)}1.spool`),
    "PSR1 and more that is no record, just long enough",
  );
  truncateSync(join(directory, `${"0".repeat(15)}1.spool`), 10);
  const files = new FailingFiles();
  files.failing.add("truncate");
  await expect(open({ directory, files, log })).rejects.toThrow("no log");
  await open({ directory });
});

test("what a full disk does not take waits in memory, in order, and reaches the disk later", async () => {
  const directory = cleanup.temporaryFolder();
  const { spool, files, log } = await open({ directory });
  await append(spool, 1);
  files.roomBytes = 50;
  await append(spool, 2, 3);
  expect(await values(spool)).toEqual([1, 2, 3]);
  await spool.acknowledge(2);
  expect(await values(spool)).toEqual([3]);
  files.roomBytes = 1e6;
  await append(spool, 4);
  expect(log.lines.map(({ message }) => message)).toEqual([
    "spool cannot be written",
    "spool can be written again",
  ]);
  await spool.close();

  expect(await values((await open({ directory })).spool)).toEqual([3, 4]);
});

test("when memory is full too, a full disk gives up its oldest first, a failing one cannot", async () => {
  const { spool, files } = await open();
  await append(spool, 1);
  files.roomBytes = 50;
  await append(spool, 2, 3, 4, 5);
  expect(await values(spool)).toEqual([3, 4, 5]);
  expect(spool.dropped).toEqual({ full: 0, disk: 20, expired: 0, corrupt: 0 });

  const { spool: failing, files: broken } = await open();
  await append(failing, 1);
  broken.failing.add("write");
  await append(failing, 2, 3, 4, 5, 6);
  expect(await values(failing)).toEqual([1, 4, 5, 6]);
  expect(failing.dropped.disk).toBe(20);
});

test("without memory to spare a record that is not stored is refused to its producer", async () => {
  const { spool, files } = await open({ maxHeldBytes: 0, sync: "each" });
  await append(spool, 1);
  files.failing.add("sync");
  await expect(append(spool, 2)).rejects.toMatchObject({ code: "SPOOL" });
  files.failing.clear();
  files.roomBytes = 0;
  await expect(append(spool, 3)).rejects.toMatchObject({ code: "SPOOL" });
  files.roomBytes = 1e6;
  await append(spool, 4);

  expect(await values(spool)).toEqual([1, 2, 4]);
});

test("records that come together share one sync", async () => {
  const { spool, files } = await open({ sync: "each" });
  await append(spool, 1);
  files.done.splice(0);
  await Promise.all([2, 3, 4, 5].map((value) => append(spool, value)));

  expect(files.done).toEqual(["write", "write", "write", "write", "sync"]);
  expect(await values(spool)).toEqual([1, 2, 3, 4, 5]);
});

test("what comes while the disk is busy is not what the disk refused", async () => {
  const directory = cleanup.temporaryFolder();
  const syncs: { end(error?: Error): void }[] = [];
  const files = {
    ...spoolFiles,
    sync: () =>
      new Promise<void>((resolve, reject) => {
        syncs.push({ end: (error) => (error === undefined ? resolve() : reject(error)) });
      }),
  };
  const { spool } = await open({ directory, sync: "each", maxHeldBytes: 0, files });
  const nextSync = (count: number) => waitFor(`sync ${count}`, () => syncs[count - 1]);
  const first = spool.append(record(1));
  (await nextSync(1)).end(); // of the directory
  const during = await nextSync(2);
  const second = spool.append(record(2));
  during.end();
  await first;
  const failing = await nextSync(3);
  const third = spool.append(record(3));
  failing.end(new Error("disk"));
  await expect(second).rejects.toThrow("cannot be written");
  (await nextSync(4)).end();
  await third;
  expect(await values(spool)).toEqual([1, 2, 3]);
  expect(spool.dropped.disk).toBe(0);
  for (const count of [5, 6])
    void nextSync(count).then(
      (sync) => sync.end(),
      () => {},
    );
});

test("an error of ours is the caller's, and the next operation goes on", async () => {
  const { spool } = await open({ directory: undefined });
  const broken = { get body(): Uint8Array { throw new Error("no body"); }, samples: 1, timeMs: 0 }; // biome-ignore format: one line
  await expect(spool.append(broken)).rejects.toThrow("no body");
  await append(spool, 1);

  expect(await values(spool)).toEqual([1]);
});

/** What may happen to a spool. `crash` is a kill at any byte of the write that was going on. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("append" as const), size: fc.integer({ min: 0, max: 300 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("read" as const), maxBytes: fc.integer({ min: 1, max: 900 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("acknowledge" as const), part: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("crash" as const), torn: fc.nat(400) }) },
);

/**
 * The model: a list of bodies. It never reorders, never loses or repeats what was acknowledged, drops
 * only the oldest, and accounts for every sample.
 */
test("model: append, read, acknowledge, crash, reopen", async () => {
  const directory = cleanup.temporaryFolder();
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const model = new Model(join(directory, String(run++)));
      await model.open();
      for (const one of steps) await model.step(one);
      await model.close();
    }),
    { numRuns: 150 },
  );
});

class Model {
  readonly #directory: string;
  readonly #appended = new Map<number, Uint8Array>();
  #spool: Spool | undefined;
  #acknowledged = 0;
  #seen: readonly number[] = [];
  #random = 1;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async open(): Promise<void> {
    this.#spool = await openSpool({
      directory: this.#directory,
      maxBytes: 4000,
      maxHeldBytes: 1000,
      maxAgeMs: Number.POSITIVE_INFINITY,
      sync: "never",
      clock: new ManualClock(),
      log: recordLog(),
    });
    await this.#check();
  }

  async close(): Promise<void> {
    await this.#check();
    await this.#opened.close();
  }

  async step(one: typeof step extends fc.Arbitrary<infer T> ? T : never): Promise<void> {
    switch (one.kind) {
      case "append": {
        const body = Uint8Array.from(
          { length: one.size },
          () => (this.#random = (this.#random * 137 + 1) % 251),
        );
        await this.#opened.append({ body, samples: 1, timeMs: 0 });
        this.#appended.set(this.#opened.lastId, body);
        return;
      }
      case "read":
        this.#seen = (await this.#opened.peek({ maxBytes: one.maxBytes })).map(({ id }) => id);
        return;
      case "acknowledge": {
        const id = this.#seen[Math.min(one.part, this.#seen.length - 1)];
        if (id === undefined) return;
        await this.#opened.acknowledge(id);
        this.#acknowledged = Math.max(this.#acknowledged, id);
        return;
      }
      case "crash":
        return this.#crash(one.torn);
    }
  }

  /** Every completed write is in the kernel's cache; one more record may be there in part. */
  async #crash(torn: number): Promise<void> {
    await this.#opened.append({ body: new Uint8Array(360).fill(7), samples: 1, timeMs: 0 });
    const whole = this.#opened.lastId;
    await this.#opened.close();
    const newest = readdirSync(this.#directory).sort().at(-1) ?? "";
    const path = join(this.#directory, newest);
    const { size } = statSync(path);
    const isCut = torn < HEADER_BYTES + 360;
    if (isCut) truncateSync(path, size - (HEADER_BYTES + 360) + torn);
    else this.#appended.set(whole, new Uint8Array(360).fill(7));
    this.#seen = [];
    await this.open();
    expect(readFileSync(path).length).toBeLessThanOrEqual(size);
  }

  async #check(): Promise<void> {
    const left = await this.#opened.peek({ maxBytes: 1e6 });
    const ids = left.map(({ id }) => id);
    const newest = [...this.#appended.keys()].at(-1) ?? 0;
    // Nothing is missing between the oldest that is left and the newest, nor what was acknowledged there.
    expect(ids).toEqual(Array.from({ length: ids.length }, (_, i) => newest - ids.length + 1 + i));
    expect(ids[0] ?? this.#acknowledged + 1).toBeGreaterThan(this.#acknowledged);
    for (const { id, body } of left) expect(Uint8Array.from(body)).toEqual(this.#appended.get(id));
    expect(this.#opened.length).toBe(left.length);
    const total = readdirSync(this.#directory).reduce(
      (sum, name) => sum + statSync(join(this.#directory, name)).size,
      0,
    );
    expect(total).toBeLessThanOrEqual(4000);
  }

  get #opened(): Spool {
    if (this.#spool === undefined) throw new Error("not open");
    return this.#spool;
  }
}
