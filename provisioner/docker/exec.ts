import { type Clock, systemClock } from "../../core/runtime/clock.ts";
import type {
  ContainerExecAnswer,
  ContainerExecBody,
  ExecInspectAnswer,
} from "../../core/runtime/engine-types.ts";
import { PlimsollError } from "../../core/runtime/errors.ts";
import type { EngineConnection } from "./request.ts";

/** What was written may be read to its end before the engine hears that who wrote it has ended. */
const ENDING_MS = 2000;
const AGAIN_MS = 20;

/** Makes a command to be run inside. Returns the path of it. */
export async function createExec(
  connection: EngineConnection,
  container: string,
  body: ContainerExecBody,
): Promise<string> {
  const { text } = await connection.call("POST", `${container}/exec`, { body, ok: [201] });
  const { Id }: ContainerExecAnswer = JSON.parse(text);
  return `/exec/${Id}`;
}

/** Of a command whose output has ended. Until it has itself the engine has no code for it. */
export async function readExitCode(
  connection: EngineConnection,
  path: string,
  clock: Clock = systemClock,
): Promise<number> {
  const deadlineMs = clock.monotonicMs() + ENDING_MS;
  for (;;) {
    const answer: ExecInspectAnswer = JSON.parse((await connection.call("GET", `${path}/json`)).text);
    if (typeof answer.ExitCode === "number") return answer.ExitCode;
    if (clock.monotonicMs() > deadlineMs)
      throw new PlimsollError("DOCKER", "docker: the command goes on inside, without who called it");
    await clock.sleep(AGAIN_MS);
  }
}
