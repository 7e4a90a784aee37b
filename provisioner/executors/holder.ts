import type { Host } from "../host/host.ts";
import { readNetwork } from "../networks/networks.ts";
import { ensureHolderImage } from "./holder-image.ts";
import { requireLease } from "./lease-of.ts";
import { holderName, LABEL } from "./names.ts";
import type { Executor } from "./types.ts";

/** The machine's host name, /etc/hosts and name servers are the holder's: Docker refuses them on who joins it. */
export const createHolder: Executor<"createHolder"> = async ({ machine, network }, host) => {
  if ((await host.docker.inspectContainer(holderName(machine))) !== undefined) return;
  const { dns } = (await readNetwork(host.store, network)).network;
  const { address } = await requireLease(host, network, machine);
  const image = await ensureHolderImage(host.docker);
  await host.docker.createContainer(holderName(machine), {
    Image: image,
    Hostname: machine.name,
    Labels: { [LABEL.machine]: machine.id },
    // sleep(1) as PID 1 takes no notice of SIGTERM: the engine need not wait for it when it ends.
    StopSignal: "SIGKILL",
    HostConfig: {
      NetworkMode: "none",
      Dns: dns,
      ExtraHosts: [`${machine.name}:${address}`],
      Memory: HOLDER_MEMORY_BYTES,
      PidsLimit: 4,
      CapDrop: ["ALL"],
      ReadonlyRootfs: true,
    },
  });
};

const HOLDER_MEMORY_BYTES = 16 * 2 ** 20;

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
