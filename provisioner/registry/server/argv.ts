import { join } from "node:path";
import { exec } from "../../../core/runtime/exec.ts";
import type { ServerSpec } from "./declaration.ts";
import { CONFIG, READ_ONLY_CONFIG } from "./init.ts";
import type { ReplicaMode } from "./window.ts";

/**
 * How Distribution is started: as its user, and killed with whoever starts it (setpriv(1), PR_SET_PDEATHSIG of
 * prctl(2)). One that outlived its keeper would go on writing while another one thinks that nobody does.
 */
export async function registryArgv(
  { program, user }: ServerSpec,
  ...args: readonly string[]
): Promise<readonly string[]> {
  const asUser = user === undefined ? [] : ["--reuid", user, "--regid", await groupOf(user), "--init-groups"];
  return ["setpriv", ...asUser, "--pdeathsig", "KILL", "--", program, ...args];
}

/**
 * What its environment has besides. AWS_CA_BUNDLE makes 2.8 panic at its start: the SDK wants a transport that it can
 * change, and gets one that 2.8 has wrapped. SSL_CERT_FILE is Go's own, and stands beside the folder of the system's.
 */
export function registryEnvironment({ version, storage }: ServerSpec): Readonly<Record<string, string>> {
  const caFile = storage.kind === "s3" ? storage.caFile : undefined;
  return {
    ...(version === 2 || caFile !== undefined ? { AWS_CA_BUNDLE: "" } : {}),
    ...(caFile === undefined ? {} : { SSL_CERT_FILE: caFile }),
  };
}

export function configOf({ folder }: ServerSpec, mode: ReplicaMode): string {
  return join(folder, mode === "writable" ? CONFIG : READ_ONLY_CONFIG);
}

async function groupOf(user: string): Promise<string> {
  return (await exec(["id", "-g", user])).stdout.trim();
}
