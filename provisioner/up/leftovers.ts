import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "../../core/runtime/log.ts";
import { withPatience } from "../../core/runtime/patience.ts";
import { cgroupAt, cgroupProcesses, removeCgroup } from "../container/cgroup.ts";
import { removeLink } from "../container/link.ts";
import { isMountPoint, removeMountPoint } from "../container/mount-point.ts";
import { openDockerEngine } from "../docker/engine.ts";
import { LAYOUT } from "./layout.ts";

/**
 * Removes whatever an `up` that was killed left behind, by name; nothing there is fine. Processes
 * first (they hold the rest), then mounts, link and directories. Returns what was found.
 */
export async function removeLeftovers(dockerSocket: string, log: Logger): Promise<readonly string[]> {
  const found: string[] = [];
  const group = cgroupAt(LAYOUT.cgroup);
  if (group.directories.some((directory) => existsSync(directory))) {
    found.push(`cgroup ${LAYOUT.cgroup} with ${cgroupProcesses(group).length} processes`);
    await removeCgroup(group);
  }
  if (isMountPoint(LAYOUT.shimMount)) {
    found.push(`mount ${LAYOUT.shimMount}`);
  }
  if (existsSync(join("/sys/class/net", LAYOUT.hostInterface))) {
    found.push(`interface ${LAYOUT.hostInterface}`);
    await removeLink(LAYOUT.hostInterface);
  }
  if (existsSync(dockerSocket)) found.push(...(await removeDockerContainer(dockerSocket)));
  for (const path of [LAYOUT.shimMount, LAYOUT.containerState, LAYOUT.runDirectory])
    await removeMountPoint(path);
  if (found.length > 0) log.warn({ found }, "removed what an earlier run left behind");
  return found;
}

/** How long an engine is waited for that may be hung: `up` need not use it at all. */
const ENGINE_PATIENCE_MS = 5000;

/** Best effort: an engine that is stopped runs none of our containers, one that hangs is not waited for. */
async function removeDockerContainer(socketPath: string): Promise<string[]> {
  const engine = openDockerEngine(socketPath);
  try {
    const removed = await withPatience(engine.removeContainer(LAYOUT.dockerName), ENGINE_PATIENCE_MS);
    return removed === true ? [`docker container ${LAYOUT.dockerName}`] : [];
  } catch {
    return [];
  } finally {
    await engine.close();
  }
}
