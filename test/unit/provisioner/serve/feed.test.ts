import { expect, test } from "vitest";
import { Feed } from "../../../../provisioner/serve/feed.ts";

async function readAll(
  feed: Feed<number>,
  signal = new AbortController().signal,
): Promise<readonly number[]> {
  const read: number[] = [];
  for await (const item of feed.read(signal)) read.push(item);
  return read;
}

test("every reader has everything, whenever it comes", async () => {
  const feed = new Feed<number>();
  feed.push(1);
  const early = readAll(feed);
  feed.push(2);
  await Promise.resolve();
  feed.push(3);
  feed.end();

  expect(await early).toEqual([1, 2, 3]);
  expect(await readAll(feed)).toEqual([1, 2, 3]);
});

test("a reader that goes away does not wait for the end", async () => {
  const feed = new Feed<number>();
  const leaving = new AbortController();
  feed.push(1);
  const reading = readAll(feed, leaving.signal);
  setImmediate(() => leaving.abort());

  expect(await reading).toEqual([1]);
});
