import { expect, test } from "vitest";
import type { Frame } from "../../../../provisioner/docker/frames.ts";
import { type Output, outputOf } from "../../../../provisioner/docker/output.ts";

const frame = (stream: Frame["stream"], bytes: Buffer): Frame => ({ stream, bytes });

test("text as it comes, whole characters, and at the end what the call returned", async () => {
  const [head, tail] = [Buffer.from("für").subarray(0, 2), Buffer.from("für").subarray(2)];
  const texts = outputOf(async (onFrame) => {
    await onFrame(frame("stdout", head));
    await onFrame(frame("stderr", Buffer.from("no")));
    await onFrame(frame("stdout", tail));
    return 7;
  });
  const all: Output[] = [];
  for (;;) {
    const { done, value } = await texts.next();
    if (done) {
      expect(value).toBe(7);
      break;
    }
    all.push(value);
  }

  expect(all).toEqual([
    { event: "output", stream: "stdout", text: "f" },
    { event: "output", stream: "stderr", text: "no" },
    { event: "output", stream: "stdout", text: "ür" },
  ]);
});

test("who reads slowly has the writer wait, and one who goes away does not keep it", async () => {
  let written = 0;
  let isOver = false;
  const texts = outputOf(async (onFrame) => {
    try {
      for (; written < 100; written++) await onFrame(frame("stdout", Buffer.from("x")));
    } finally {
      isOver = true;
    }
  });
  await texts.next();
  await new Promise((resolve) => setImmediate(resolve));

  expect(written).toBeLessThan(100);
  await texts.return(undefined);
  await expect.poll(() => isOver).toBe(true);
});

test("a failure comes after all that was written before", async () => {
  const texts = outputOf(async (onFrame) => {
    await onFrame(frame("stdout", Buffer.from("begun")));
    throw new Error("it has ended");
  });

  expect((await texts.next()).value).toEqual({ event: "output", stream: "stdout", text: "begun" });
  await expect(texts.next()).rejects.toThrow("it has ended");
});
