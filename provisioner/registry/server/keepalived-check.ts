import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { PlimsollError } from "../../../core/runtime/errors.ts";
import { type Exec, exec } from "../../../core/runtime/exec.ts";

/** keepalived's own opinion of a director's file; undefined where it cannot be had. */
export async function checkKeepalived(
  name: string,
  text: string,
  run: Exec = exec,
): Promise<true | undefined> {
  const [here] =
    Object.entries(networkInterfaces()).find(([, all]) => all?.some((one) => !one.internal)) ?? [];
  if (here === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-keepalived-"));
  try {
    const path = join(folder, name);
    // It refuses interfaces that the machine has not, and the director is another one.
    writeFileSync(path, text.replace(/^( +interface ).*$/m, `$1${here}`), { mode: 0o600 });
    // KEEPALIVED_EXIT_CONFIG_TEST and its siblings (lib/scheduler.h): all but 0 are complaints.
    const okCodes = [0, 1, 2, 3, 4, 5, 6];
    const { code, stderr } = await run(["keepalived", "--config-test", "--use-file", path], { okCodes });
    if (code === 0) return true;
    const [first = `exit code ${code}`] = stderr.replaceAll(path, name).trim().split("\n");
    throw new PlimsollError("KEEPALIVED", `keepalived refuses ${first.replace(/^\((.*?)\) /, "$1: ")}`);
  } catch (error) {
    if (error instanceof PlimsollError && error.code === "EXEC_MISSING") return undefined;
    throw error;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
