import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { listLetters, resubmit, showLetters } from "../../../../collector/dead-letters/answers.ts";
import { DeadLetters } from "../../../../collector/dead-letters/dead-letters.ts";
import { SINK_KINDS } from "../../../../collector/sinks/index.ts";
import { NotFoundError } from "../../../../core/runtime/errors.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { startHttpReceiver } from "../../../support/http-receiver.ts";
import { gauge } from "../../../support/push.ts";
import { recordLog } from "../../../support/record-log.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const lettersIn = (data: string): DeadLetters =>
  new DeadLetters(join(data, "dead-letters.ndjson"), recordLog());

test("what each kind of sink was sent can be read, sample by sample", async () => {
  const data = cleanup.temporaryFolder();
  const batches = [
    { identity: { instance: "10.0.0.7" }, series: [gauge("node_load1", { a: "b" }, 1.5, 86_400_000)] },
  ];
  for (const { scheme, transports, openEncoder } of SINK_KINDS) {
    const sink = `${scheme}+${transports[0]}://h/p`;
    const body = openEncoder()(batches, []);
    await lettersIn(data).add({ sink, reason: "no", samples: 1, body }, 0);
  }
  const lines = (await showLetters({ data, json: true })).trimEnd().split("\n");
  const ndjson = /"name":"node_load1".*"timestampMs":86400000,"value":1.5/;
  for (const line of lines) {
    const { sink, content } = JSON.parse(line);
    expect([sink, content.at(-1)]).toEqual([sink, expect.stringContaining("1.5")]);
    if (!/^(influx|falcon)/.test(sink)) expect(content[0]).toMatch(ndjson);
  }
  expect(lines).toHaveLength(SINK_KINDS.length);
  expect(await showLetters({ data, sink: "influx+", limit: "1" })).toBe(
    "1970-01-01T00:00:00.000Z 1 samples influx+http://h/p\n  no\n    node_load1,a=b,instance=10.0.0.7 value=1.5 86400000\n",
  );
});

test("by sink and reason, those that are meant; none is not found, nonsense is a usage error", async () => {
  const data = cleanup.temporaryFolder();
  for (const [index, reason] of ["one", "two", "one"].entries())
    await lettersIn(data).add({ sink: "s", reason, samples: 2, body: Buffer.of() }, index * 1000);
  expect(await listLetters({ data, reason: "one" })).toBe(
    "4 samples in 2 letters, 1970-01-01T00:00:00.000Z to 1970-01-01T00:00:02.000Z\n  s\n  one\n",
  );
  expect((await listLetters({ data, json: true })).split("\n")).toHaveLength(3);
  expect(await showLetters({ data, reason: "two" })).toContain("(the receiver did not say which)");
  await expect(listLetters({ data, sink: "other" })).rejects.toThrow(NotFoundError);
  await expect(listLetters({ data: "none" })).rejects.toThrow("--data: none keeps no dead letters");
  await expect(showLetters({ data, limit: "x" })).rejects.toThrow('--limit: "x" is not a number');
});

test("resubmitted are those that are meant; the others are where they were", async () => {
  const data = cleanup.temporaryFolder();
  const receiver = await startHttpReceiver(cleanup, () => ({ status: 204 }));
  const sink = `influx+http://127.0.0.1:${receiver.port}/write`;
  for (const reason of ["clock", "name"])
    await lettersIn(data).add({ sink, reason, samples: 1, body: Buffer.from(`${reason} value=1 1\n`) }, 0);
  await expect(resubmit({ data })).rejects.toThrow(
    "0 samples delivered, 0 refused again, 2 kept as they are: influx+http://127.0.0.1:",
  );
  expect(await resubmit({ data, forward: [sink], reason: "clock" })).toBe(
    "1 samples delivered, 0 refused again, 0 kept as they are\n",
  );
  expect(receiver.posts.map(({ body }) => body.toString())).toEqual(["clock value=1 1\n"]);
  expect(await resubmit({ data, forward: [sink], json: true })).toBe(
    '{"delivered":1,"refused":0,"kept":0}\n',
  );
  await expect(resubmit({ data, forward: [sink] })).rejects.toThrow("there are none");
});
