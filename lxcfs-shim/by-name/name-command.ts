import type { Command } from "commander";
import { createCommand, withExamples } from "../../core/runtime/command-line.ts";
import { NotFoundError, UsageError } from "../../core/runtime/errors.ts";

interface Flags {
  readonly pid?: string;
  readonly cgroup?: string;
  readonly remove?: boolean;
  readonly names?: string;
}

/** `plimsoll-shim name`: which container a name below the containers' mount stands for. */
export function nameCommand(): Command {
  const command = createCommand(
    "name",
    "register a container's name for --containers-mount, or list the names",
  )
    .argument("[name]", "what it is to be called (default: list all)")
    .option("--cgroup <path>", "the cgroup it runs in, or will: as /proc/PID/cgroup has it")
    .option(
      "--pid <pid>",
      "a process of it: its cgroup is registered, and is the same when it is started again",
    )
    .option("--remove", "forget the name")
    .option("--names <dir>", "the directory of names (default: /var/lib/plimsoll/names)")
    .action(nameContainer);
  return withExamples(command, [
    [
      "plimsoll-shim name web --cgroup /lxc.payload.web",
      "web/proc/meminfo may be bound from now on, and tells once the container runs",
    ],
    ["plimsoll-shim name db --pid $(docker inspect -f '{{.State.Pid}}' db)", "of one that runs"],
  ]);
}

async function nameContainer(name: string | undefined, flags: Flags): Promise<void> {
  const { openNames } = await import("./names.ts");
  const { cgroupText, describeNames } = await import("./register-name.ts");
  const { openHostRoot } = await import("../../core/kernel/host-root.ts");
  const names = openNames(flags.names);
  const { pid, cgroup, remove = false } = flags;
  if (name === undefined && (remove || pid !== undefined || cgroup !== undefined)) {
    throw new UsageError("which name?", { hint: "say it first, or nothing more to list all" });
  }
  if (remove && (pid !== undefined || cgroup !== undefined)) {
    throw new UsageError("--remove forgets the name, whatever its container", {
      hint: "leave out --pid and --cgroup",
    });
  }
  if (name === undefined) process.stdout.write(describeNames(names));
  else if (!remove) names.register(name, cgroupText(openHostRoot(), targetOf(flags)));
  else if (!names.remove(name)) throw new NotFoundError(`no name ${JSON.stringify(name)} is registered`);
}

function targetOf({ pid, cgroup }: Flags): { readonly pid: number } | { readonly cgroup: string } {
  if (cgroup !== undefined && pid === undefined) return { cgroup };
  if (pid !== undefined && cgroup === undefined && /^[1-9]\d{0,9}$/.test(pid)) return { pid: Number(pid) };
  throw new UsageError("which container?", { hint: "say either --cgroup PATH or --pid PID" });
}
