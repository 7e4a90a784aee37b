import type { Host } from "../host/host.ts";
import { holderBody } from "./holder-body.ts";
import { ensureHolderImage } from "./holder-image.ts";
import { holderName } from "./names.ts";
import type { Executor } from "./types.ts";

export const createHolder: Executor<"createHolder"> = async ({ machine }, host) => {
  if ((await host.docker.inspectContainer(holderName(machine))) !== undefined) return;
  const image = await ensureHolderImage(host.docker);
  await host.docker.createContainer(holderName(machine), holderBody(machine, image));
};

export const startHolder: Executor<"startHolder"> = ({ machine }, { docker }) =>
  docker.startContainer(holderName(machine));

export const removeHolder: Executor<"removeHolder"> = async ({ machine }, host) => {
  await removeContainerWhole(host, holderName(machine));
};

/** The engine answers before the container is gone, and "in progress" to who asks again. */
export async function removeContainerWhole({ docker, clock }: Host, name: string): Promise<void> {
  while ((await docker.inspectContainer(name)) !== undefined) {
    await docker.removeContainer(name);
    await clock.sleep(20);
  }
}
