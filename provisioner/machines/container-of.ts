import { PlimsollError } from "../../core/runtime/errors.ts";
import type { DockerEngine } from "../docker/engine.ts";
import { containerName } from "../executors/names.ts";
import type { Machine } from "../resources/types.ts";

type Named = Pick<Machine, "id" | "name" | "generation">;

/** The container that a machine is now, by the name that Docker knows; what keeps one from looking in is told in our words. */
export async function madeContainer(
  docker: Pick<DockerEngine, "inspectContainer">,
  machine: Named,
): Promise<string> {
  return (await lookAt(docker, machine)).id;
}

/** The same for a command inside, which needs its processes. */
export async function runningContainer(
  docker: Pick<DockerEngine, "inspectContainer">,
  machine: Named,
): Promise<string> {
  const { id, isRunning } = await lookAt(docker, machine);
  if (isRunning) return id;
  throw new PlimsollError("NOT_RUNNING", `container ${machine.name}: does not run`, {
    hint: `plimsoll ct start ${machine.name}`,
  });
}

async function lookAt(
  docker: Pick<DockerEngine, "inspectContainer">,
  machine: Named,
): Promise<{ readonly id: string; readonly isRunning: boolean }> {
  const id = containerName(machine, machine.generation);
  const found = await docker.inspectContainer(id);
  if (found !== undefined) return { id, isRunning: found.State?.Running === true };
  throw new PlimsollError("NOT_THERE", `container ${machine.name}: has not been made yet`);
}
