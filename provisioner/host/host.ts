import { dirname, join } from "node:path";
import { type Clock, systemClock } from "../../core/runtime/clock.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { UndoStack } from "../../core/runtime/undo.ts";
import { type DockerEngine, openDockerEngine } from "../docker/engine.ts";
import { Flows } from "../drivers/flows.ts";
import { Links } from "../drivers/links.ts";
import { type Ovs, openOvs } from "../drivers/ovs.ts";
import { Attachments } from "../drivers/ovs-attachments.ts";
import { Probes } from "../drivers/probes.ts";
import type { Store } from "../store/types.ts";
import { DiskVolumes } from "../volumes/disk-volumes.ts";
import { LoopDisks } from "../volumes/loop-disks.ts";
import { LvmDisks } from "../volumes/lvm-disks.ts";
import type { Volumes } from "../volumes/types.ts";
import type { HostConfig } from "./config.ts";

/** Everything a step may reach. */
export interface Host {
  readonly config: HostConfig;
  readonly store: Store;
  readonly clock: Clock;
  readonly docker: DockerEngine;
  readonly ovs: Ovs;
  readonly links: Links;
  readonly attachments: Attachments;
  readonly probes: Probes;
  readonly volumes: Volumes;
}

/** Opens the drivers of this host for `use`, and closes them whatever happens. */
export async function withHost<T>(
  config: HostConfig,
  store: Store,
  log: Logger,
  use: (host: Host) => Promise<T>,
): Promise<T> {
  const undo = new UndoStack(log);
  try {
    const docker = openDockerEngine(config.docker);
    undo.add("docker connection", () => docker.close());
    const ovs = await openOvs({ remote: config.ovs, log });
    undo.add("open vswitch connection", () => ovs.close());
    const links = new Links();
    // ovs-vswitchd has its sockets beside its database's.
    const flows = new Flows(
      config.ovs.startsWith("unix:") ? { runFolder: dirname(config.ovs.slice("unix:".length)) } : {},
    );
    const attachments = new Attachments(ovs, links, flows);
    const volumes = openVolumes(config);
    const clock = systemClock;
    const probes = new Probes(clock);
    return await use({ config, store, clock, docker, ovs, links, attachments, probes, volumes });
  } finally {
    await undo.run();
  }
}

function openVolumes({ data, storage }: HostConfig): Volumes {
  const folder = join(data, "volumes");
  return new DiskVolumes(folder, storage === undefined ? new LoopDisks(folder) : new LvmDisks(storage));
}
