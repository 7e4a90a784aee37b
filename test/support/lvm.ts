import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Exec, exec } from "../../core/runtime/exec.ts";
import type { Activation } from "../../provisioner/volumes/lvm-disks.ts";
import type { Cleanup } from "./cleanup.ts";
import { type Condition, hasCommand, isRoot } from "./host.ts";

const MIB = 2 ** 20;

/** What a volume group of a test's own needs of the machine. */
export const LVM_LAB: readonly Condition[] = [isRoot, hasCommand("lvm"), hasCommand("losetup")];

export const hasDeviceMapper: Condition = {
  reason: "needs the kernel's device-mapper",
  met: () => existsSync("/dev/mapper/control") && existsSync("/sys/class/misc/device-mapper"),
};

/** A volume group on a file, seen by nobody else, and how its volumes become devices here. */
export interface LvmLab {
  readonly group: string;
  readonly run: Exec;
  /** With it other programs see what `run` sees. */
  readonly env: Readonly<Record<string, string>>;
  /** The real one where the kernel has it, otherwise windows into the file. */
  readonly activation?: Activation;
}

/**
 * The real lvm2 with a configuration of its own. Without device-mapper it keeps its books all the same;
 * each volume is then in one piece (the group's policy), and a loop device that begins and ends with it
 * stands for what device-mapper would make.
 */
export async function openLvmLab(cleanup: Cleanup, bytes: number): Promise<LvmLab> {
  const { run, env, devices, images } = await openLvmDevices(cleanup, [bytes]);
  const [device = "", image = ""] = [...devices, ...images];
  const isReal = hasDeviceMapper.met();
  const group = `plimsoll-test-${process.pid}`;
  await run(["vgcreate", "--yes", ...(isReal ? [] : ["--alloc", "contiguous"]), group, device]);
  cleanup.add("volume group", async () => {
    await run(["vgremove", "--force", "--yes", group], { okCodes: [0, 5] });
  });
  return { group, run, env, ...(isReal ? {} : { activation: windows(cleanup, run, group, image) }) };
}

export interface LvmDevices {
  readonly devices: readonly string[];
  /** The file behind each. */
  readonly images: readonly string[];
  /** Commands see these devices and no others. */
  readonly run: Exec;
  readonly env: Readonly<Record<string, string>>;
}

/** Empty devices on files. */
export async function openLvmDevices(cleanup: Cleanup, sizes: readonly number[]): Promise<LvmDevices> {
  const folder = cleanup.temporaryFolder();
  const images = sizes.map((_, index) => join(folder, `disk${index}`));
  const devices: string[] = [];
  for (const [index, image] of images.entries()) {
    writeFileSync(image, "");
    truncateSync(image, sizes[index]);
    const device = await attach(["--find", "--show", image]);
    cleanup.add(`device ${device}`, () => detach(device));
    devices.push(device);
  }
  mkdirSync(join(folder, "lvm"));
  writeFileSync(join(folder, "lvm/lvm.conf"), configuration(devices, hasDeviceMapper.met()));
  const env = { LVM_SYSTEM_DIR: join(folder, "lvm") };
  const run: Exec = (argv, options = {}) => exec(argv, { ...options, env: { ...options.env, ...env } });
  return { devices, images, run, env };
}

/** Nothing outside the lab is looked at, and nothing is waited for that runs on a complete system only. */
function configuration(devices: readonly string[], isReal: boolean): string {
  const filter = devices.map((device) => `"a|^${device}$|", `).join("");
  return `
devices { filter = [ ${filter}"r|.*|" ] use_devicesfile = 0 hints = "none" obtain_device_list_from_udev = 0 }
global { activation = ${isReal ? 1 : 0} event_activation = 0 use_lvmpolld = 0 }
activation { monitoring = 0 udev_sync = 0 udev_rules = 0 verify_udev_operations = ${isReal ? 1 : 0} }
backup { backup = 0 archive = 0 }
`;
}

function windows(cleanup: Cleanup, run: Exec, group: string, image: string): Activation {
  const devices = new Map<string, string>();
  cleanup.add("windows", async () => {
    for (const device of devices.values()) await exec(["losetup", "--detach", device], { okCodes: [0, 1] });
  });
  return {
    open: async (name) => {
      const { offset, bytes } = await locate(run, group, name);
      const open = devices.get(name);
      if (open !== undefined) {
        await limit(open, bytes);
        return open;
      }
      const options = ["--find", "--show", `--offset=${offset}`, `--sizelimit=${bytes}`];
      const device = await attach([...options, image]);
      devices.set(name, device);
      return device;
    },
    close: async (name) => {
      const device = devices.get(name);
      if (device === undefined) return;
      // It goes with its last user, and while there is one, lvchange would refuse as well.
      if (isMounted(device)) throw new Error(`${device} is in use`);
      devices.delete(name);
      await detach(device);
    },
  };
}

/** `/dev/loop0:8-15`: of the one physical volume, whose extents begin after a first MiB. */
async function locate(
  run: Exec,
  group: string,
  name: string,
): Promise<{ readonly offset: number; readonly bytes: number }> {
  const options = "lv_size,seg_pe_ranges,vg_extent_size";
  const format = ["--noheadings", "--units", "b", "--nosuffix", "--options", options];
  const words = (await run(["lvs", ...format, `${group}/${name}`])).stdout.trim().split(/\s+/);
  const [bytes, ranges = "", extentBytes] = words;
  const first = /:(\d+)-\d+$/.exec(ranges)?.[1];
  return { offset: MIB + Number(first) * Number(extentBytes), bytes: Number(bytes) };
}

async function attach(options: readonly string[]): Promise<string> {
  return (await exec(["losetup", ...options])).stdout.trim();
}

async function detach(device: string): Promise<void> {
  await exec(["losetup", "--detach", device]);
}

function isMounted(device: string): boolean {
  return readFileSync("/proc/self/mountinfo", "utf8").includes(` ${device} `);
}

/** LOOP_GET_STATUS64, LOOP_SET_STATUS64 (linux/loop.h): lo_sizelimit is at 32. losetup(8) cannot, and Node has no ioctl. */
async function limit(device: string, bytes: number): Promise<void> {
  const script = `
    open(my $device, "+<", $ARGV[0]) or die $!;
    my $status = "\\0" x 232;
    ioctl($device, 0x4C05, $status) or die $!;
    substr($status, 32, 8) = pack("Q", $ARGV[1]);
    ioctl($device, 0x4C04, $status) or die $!;`;
  await exec(["perl", "-e", script, device, String(bytes)]);
}
