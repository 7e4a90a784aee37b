import { expect, test } from "vitest";
import { errorLine } from "../../../../core/runtime/errors.ts";
import { startThread } from "../../../../lxcfs-shim/session/thread.ts";
import type { ServeMessage } from "../../../../lxcfs-shim/session/thread-messages.ts";
import { recordLog } from "../../../support/record-log.ts";

/** A worker module that speaks the serving thread's half as `code` says. */
function start(code: string, options: unknown = undefined) {
  const source = `import { parentPort as port, workerData } from "node:worker_threads";
    const post = (kind, rest) => port.postMessage({ kind, ...rest });
    ${code}`;
  const log = recordLog();
  const module = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
  return { log, thread: startThread({ module, options, log, logLevel: "debug" }) };
}

const SERVE: ServeMessage = {
  device: 7,
  books: undefined,
  mount: { mountPoint: "/m", connection: 1, mountedAtMs: 0, generation: 1 },
  inherited: undefined,
  wishes: {},
};

const refusal = (promise: Promise<unknown>): Promise<string> => promise.then(() => "resolved", errorLine);

test("loaded, given its descriptor, ready, unmounted", async () => {
  const { thread, log } = start(
    `
    post("loaded");
    port.once("message", ({ device }) => {
      post("log", { level: "info", fields: { device, options: workerData.options }, message: "serving" });
      new Float64Array(workerData.counters)[0] = 3;
      post("ready", { agreement: { protocol: "7.45", resends: true } });
      post("unmounted");
    });`,
    { a: 1 },
  );

  await thread.loaded;
  expect(await thread.serve(SERVE)).toEqual({ protocol: "7.45", resends: true });
  expect(await thread.ended).toBeUndefined();
  expect(log.lines).toEqual([
    { level: "info", fields: { device: 7, options: { a: 1 } }, message: "serving" },
  ]);
  expect(thread.counters.read()).toEqual({ lookup: { count: 3, errors: 0 } });
});

test("a thread that cannot even load says why", async () => {
  const { thread } = start('throw new Error("no such module");');

  expect(await refusal(thread.loaded)).toBe("the serving thread ended early: no such module");
  expect(await refusal(thread.serve(SERVE))).toBe("the serving thread ended early: no such module");
  expect(await thread.ended).toMatchObject({ message: "no such module" });
});

test("one that ends with its mount in place has died, error or not", async () => {
  const { thread } = start('post("loaded"); port.once("message", () => process.exit(0));');
  await thread.loaded;

  expect(await refusal(thread.serve(SERVE))).toMatch(
    /^the serving thread ended early: it ended with its mount/,
  );
  expect(await thread.ended).toMatchObject({ message: "it ended with its mount in place" });
});

test("one that waits for its descriptor can be ended", async () => {
  const { thread } = start('post("loaded"); port.once("message", () => {});');
  await thread.loaded;
  thread.terminate();

  expect(await thread.ended).toBeInstanceOf(Error);
});
