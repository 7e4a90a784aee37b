import type { Finding } from "../../core/runtime/finding.ts";
import { checkDocker } from "./checks/docker.ts";
import type { Check, CheckContext } from "./checks/finding.ts";
import { checkKernel } from "./checks/kernel.ts";
import { checkNetwork } from "./checks/network.ts";
import { checkServices } from "./checks/services.ts";
import { checkStorage } from "./checks/storage.ts";

const CHECKS: readonly Check[] = [checkKernel, checkNetwork, checkStorage, checkDocker, checkServices];

/** Looks at everything that machines on this host stand on. Changes nothing. */
export async function diagnoseHost(context: CheckContext): Promise<readonly Finding[]> {
  const findings = await Promise.all(CHECKS.map(async (check) => check(context)));
  return findings.flat();
}
