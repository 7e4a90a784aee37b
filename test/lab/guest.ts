import { once } from "node:events";
import { appendFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { exec, startProcess } from "../../core/runtime/exec.ts";
import { characterDevice, directory, encodeCpio, program } from "./cpio.ts";
import type { GuestKernel } from "./debian-kernel.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const INIT = fileURLToPath(new URL("./init.sh", import.meta.url));

/** Sparse: takes what the guest writes. */
const DISK_BYTES = 512 * 2 ** 20;

/** What a job finds; the machine's own root may have a poorer PATH. */
const PROLOGUE = `
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
cd '${ROOT}'
`;
/** The first process must not end before the machine has. */
const EPILOGUE = `
echo o > /proc/sysrq-trigger
while :; do :; done
`;

export interface GuestOptions {
  readonly kernel: GuestKernel;
  readonly cgroupVersion: 1 | 2;
  /** A shell script, run as root in a copy-on-write view of this machine. */
  readonly job: string;
  /** An empty folder: holds what is handed over, and is /run/exchange inside, writable. */
  readonly folder: string;
  /** The machine is switched off after this long. */
  readonly timeoutMs: number;
  /** The guest's console is this terminal. */
  readonly interactive?: boolean;
}

export interface GuestRun {
  /** It switched itself off, in time. */
  readonly completed: boolean;
  readonly console: string;
}

/** Boots a machine in emulation, lets it do its job, and returns when it is off. */
export async function runGuest(options: GuestOptions): Promise<GuestRun> {
  const exchange = join(options.folder, "exchange");
  const initramfs = join(options.folder, "initramfs.gz");
  const log = join(options.folder, "console");
  mkdirSync(exchange);
  writeFileSync(join(exchange, "job"), PROLOGUE + options.job + EPILOGUE);
  writeFileSync(initramfs, packInitramfs(options.kernel));
  writeFileSync(log, "");
  const disk = join(options.folder, "disk");
  writeFileSync(disk, "");
  truncateSync(disk, DISK_BYTES);
  await exec(["mke2fs", "-q", "-t", "ext4", disk]);
  const machine = startProcess(machineArgv(options, { initramfs, disk, exchange }), {
    stdio: options.interactive ? "inherit" : ["ignore", "pipe", "pipe"],
  });
  for (const stream of [machine.stdout, machine.stderr]) {
    stream?.on("data", (text: Buffer) => appendFileSync(log, text));
  }
  const timer = new AbortController();
  const ended = once(machine, "close");
  const inTime = await Promise.race([
    ended.then(([code]) => code === 0),
    sleep(options.timeoutMs, false, { signal: timer.signal }),
  ]);
  timer.abort();
  if (!inTime) machine.kill("SIGKILL");
  await ended;
  return { completed: inTime, console: readFileSync(log, "utf8") };
}

function packInitramfs({ busybox, modules }: GuestKernel): Buffer {
  const folders = ["bin", "dev", "modules", "proc", "sys"].map(directory);
  const files = modules.map((path) => program(`modules/${basename(path)}`, readFileSync(path)));
  const archive = encodeCpio([
    ...folders,
    characterDevice("dev/console", [5, 1]),
    program("bin/busybox", readFileSync(busybox)),
    program("init", readFileSync(INIT)),
    ...files,
  ]);
  return gzipSync(archive, { level: 1 });
}

/**
 * All of it emulated, without KVM: one thread in turn for both CPUs, since two guests run side by side.
 * The kernel ends QEMU with its parent, however that ends.
 */
function machineArgv(
  options: GuestOptions,
  files: Readonly<Record<"initramfs" | "disk" | "exchange", string>>,
): readonly string[] {
  const parameters = [
    ...["console=ttyS0", "quiet", "panic=-1", "psi=1", "mitigations=off", "tsc=reliable"],
    ...[`plimsoll.checkout=${ROOT}`, `plimsoll.cgroup=${options.cgroupVersion}`],
  ];
  return [
    ...["setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64"],
    ...["-accel", "tcg,thread=single", "-cpu", "max", "-smp", "2", "-m", "3072"],
    ...["-nodefaults", "-display", "none", "-no-reboot"],
    ...["-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"],
    ...["-kernel", options.kernel.image, "-initrd", files.initramfs, "-append", parameters.join(" ")],
    ...share("host", "/", "readonly=on"),
    ...share("checkout", ROOT, "readonly=on"),
    ...share("exchange", files.exchange, "readonly=off"),
    ...["-drive", `file=${escaped(files.disk)},format=raw,if=virtio,cache=unsafe`],
  ];
}

/** The machine's root may span several file systems, whose inode numbers are alike: `remap`. */
function share(tag: string, path: string, access: string): readonly string[] {
  return [
    "-virtfs",
    `local,path=${escaped(path)},mount_tag=${tag},security_model=none,multidevs=remap,${access}`,
  ];
}

/** QEMU's options are separated by commas. */
function escaped(path: string): string {
  return path.replaceAll(",", ",,");
}
