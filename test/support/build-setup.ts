import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/**
 * End-to-end tests run the programs of `dist`: builds it where a source is newer. Type errors are the
 * lint suite's to count; what was emitted in spite of them is tested all the same.
 */
export default function setup(): void {
  const prepare = fileURLToPath(new URL("../../scripts/prepare.mjs", import.meta.url));
  spawnSync(process.execPath, [prepare], { stdio: ["ignore", "inherit", "inherit"] });
}
