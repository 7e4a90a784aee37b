import { readFileSync } from "node:fs";
import { errnoOf, PlimsollError } from "../../../core/runtime/errors.ts";
import { configOf } from "./argv.ts";
import type { ServerSpec } from "./declaration.ts";
import { renderDoors } from "./render-config.ts";

/**
 * Refuses to run what lets in whom the declaration does not: where `auth`, `tls` or `policy` were declared, or taken
 * out, and `init` has not been run since. Whatever else differs is as it was until then.
 */
export function refuseStaleConfig(spec: ServerSpec): void {
  const path = configOf(spec, "writable");
  const text = readConfig(path);
  for (const [key, block] of Object.entries(renderDoors(spec))) {
    const isAsDeclared = block === "" ? !new RegExp(`^ *${key}:`, "m").test(text) : text.includes(block);
    if (!isAsDeclared)
      throw new PlimsollError("REGISTRY", `${path}: its ${key} is not what is declared`, {
        hint: "plimsoll registry init",
      });
  }
}

function readConfig(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new PlimsollError("REGISTRY", `${path}: cannot be read: ${errnoOf(cause)}`, {
      hint: "plimsoll registry init",
    });
  }
}
