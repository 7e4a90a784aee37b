import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";
import { file, openFileSink } from "../../../../collector/sinks/file.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { gauge } from "../../../support/push.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
const never = new AbortController().signal;

test("lines are appended, each delivery whole, however many come at once", async () => {
  const path = join(cleanup.temporaryFolder(), "a b.ndjson");
  const sink = await file.open("f", pathToFileURL(path), { connections: 4 });
  const encode = file.openEncoder();
  const bodies = ["a", "b", "c"].map((name) =>
    encode([{ identity: {}, series: [gauge(name, {}, 1, 5)] }], []),
  );
  const answers = await Promise.all(bodies.map((body) => sink.deliver(sink.join([body]), never)));
  expect(answers).toEqual(bodies.map(() => ({ outcome: "delivered" })));
  const names = readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).name);
  expect(names).toEqual(["a", "b", "c"]);
  await sink.close();
});

test("a large file gives way to a new one, three are kept", async () => {
  const path = join(cleanup.temporaryFolder(), "x");
  const sink = openFileSink("f", path, 3);
  for (const line of ["a\n", "bb\n", "cc\n", "dd\n", "e\n"]) await sink.deliver(Buffer.from(line), never);
  const texts = ["", ".1", ".2", ".3"].map(
    (end) => existsSync(path + end) && readFileSync(path + end, "utf8"),
  );
  expect(texts).toEqual(["e\n", "dd\n", "cc\n", false]);
});

test("where nothing can be written it waits", async () => {
  const path = join(cleanup.temporaryFolder(), "gone", "x");
  const sink = openFileSink("f", path);
  expect(await sink.deliver(Buffer.from("a\n"), never)).toMatchObject({ outcome: "retry" });
  mkdirSync(join(path, ".."));
  expect(await sink.deliver(Buffer.from("a\n"), never)).toEqual({ outcome: "delivered" });
  expect(readFileSync(path, "utf8")).toBe("a\n");
  rmSync(path);
});
