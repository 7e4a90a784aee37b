import { type ExecResult, exec } from "../../core/runtime/exec.ts";
import { type Cgroup, commandInCgroup } from "./cgroup.ts";

/** Runs a command in every namespace of `pid` and in its cgroup, as a process of that container. */
export function runInNamespaces(pid: number, group: Cgroup, argv: readonly string[]): Promise<ExecResult> {
  const enter = [
    "nsenter",
    "--target",
    String(pid),
    "--mount",
    "--uts",
    "--ipc",
    "--net",
    "--pid",
    "--cgroup",
  ];
  return exec(commandInCgroup(group, [...enter, "--", ...argv]), { title: argv.join(" ") });
}
