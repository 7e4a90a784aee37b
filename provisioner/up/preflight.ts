import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { commandPath } from "../../core/runtime/config.ts";
import { PlimsollError } from "../../core/runtime/errors.ts";

const COMMANDS: Readonly<Record<string, string>> = {
  ip: "iproute2",
  mount: "mount",
  umount: "mount",
  nsenter: "util-linux",
  unshare: "util-linux",
  pivot_root: "util-linux",
};

/** Throws one clear line for the first thing that this host lacks. Changes nothing. */
export function checkHost(): void {
  if (process.platform !== "linux")
    throw new PlimsollError("HOST", `plimsoll up: needs Linux, this is ${process.platform}`);
  if (process.getuid?.() !== 0) {
    throw new PlimsollError("NOT_ROOT", "plimsoll up: needs root: it mounts and makes namespaces", {
      hint: "run it with sudo",
    });
  }
  if (!isAccessible("/dev/fuse", constants.R_OK | constants.W_OK)) {
    throw new PlimsollError("NO_FUSE", "/dev/fuse: not there, or not accessible", {
      hint: "modprobe fuse; in a container add --device /dev/fuse --cap-add SYS_ADMIN",
    });
  }
  for (const [command, debianPackage] of Object.entries(COMMANDS)) {
    if (findCommand(command) === undefined) {
      throw new PlimsollError("NO_COMMAND", `${command}: command not found`, {
        hint: `apt-get install ${debianPackage}`,
      });
    }
  }
}

/** Where `command` is; undefined when it is nowhere. */
export function findCommand(command: string): string | undefined {
  return commandPath()
    .split(":")

    .map((directory) => join(directory, command))
    .find((path) => isAccessible(path, constants.X_OK));
}

function isAccessible(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
