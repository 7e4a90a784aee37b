import { afterAll, expect, test } from "vitest";
import type { Clock } from "../../../../core/runtime/clock.ts";
import { createExec, readExitCode } from "../../../../provisioner/docker/exec.ts";
import { EngineConnection } from "../../../../provisioner/docker/request.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { listenAsEngine } from "../../../support/engine-socket.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

/** Gives one answer after the other, the last one again and again. */
async function engineAnswering(...answers: readonly object[]): Promise<EngineConnection> {
  let count = 0;
  const { socket } = await listenAsEngine(cleanup, (request, response) => {
    response.statusCode = request.method === "POST" ? 201 : 200;
    response.end(JSON.stringify(answers[Math.min(count++, answers.length - 1)]));
  });
  const connection = new EngineConnection(socket);
  cleanup.add("connection", () => connection.close());
  return connection;
}

/** Its time passes by sleeping only. */
function sleepingClock(): Clock {
  let now = 0;
  return {
    nowMs: () => now,
    monotonicMs: () => now,
    sleep: async (ms) => {
      now += ms;
    },
  };
}

const RUNS = { Running: true, ExitCode: null };

test("what is made has a path", async () => {
  const engine = await engineAnswering({ Id: "e1" });

  expect(await createExec(engine, "/containers/c1", { Cmd: ["true"] })).toBe("/exec/e1");
});

test("the engine may not know yet how a command has ended whose output is read", async () => {
  const engine = await engineAnswering(RUNS, RUNS, { Running: false, ExitCode: 7 });

  expect(await readExitCode(engine, "/exec/e1", sleepingClock())).toBe(7);
});

test("a command that was left behind has no exit code, and that is no success", async () => {
  const engine = await engineAnswering(RUNS);

  await expect(readExitCode(engine, "/exec/e1", sleepingClock())).rejects.toThrow(
    "docker: the command goes on inside, without who called it",
  );
});
