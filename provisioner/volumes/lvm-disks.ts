import { existsSync } from "node:fs";
import { PlimsollError } from "../../core/runtime/errors.ts";
import { type Exec, exec } from "../../core/runtime/exec.ts";
import { type LogicalVolume, Lvm } from "./lvm.ts";
import { findPool, findRefusal, planExtension, type ThinPolicy } from "./thin-pool.ts";
import type { Disks } from "./types.ts";

/** A terabyte on a disk that turns. */
const WIPE_MS = 6 * 3_600_000;
/** Said by a tag, since a name would take two commands to change. */
const FINISHED = "plimsoll.finished";

export interface LvmStorage {
  readonly group: string;
  /** Disks are thin and in this pool; without, each is allocated whole. */
  readonly thin?: ThinPolicy | undefined;
}

/** How a logical volume becomes a block device: by device-mapper, where the kernel has it. */
export interface Activation {
  /** Returns the device, as large as the volume is by now. */
  open(name: string): Promise<string>;
  close(name: string): Promise<void>;
}

export interface LvmOptions {
  readonly run?: Exec;
  readonly activation?: Activation;
}

/** Disks as logical volumes `machine-ID`, tagged with the machine they belong to. */
export class LvmDisks implements Disks {
  readonly #storage: LvmStorage;
  readonly #run: Exec;
  readonly #lvm: Lvm;
  readonly #activation: Activation;
  #report: Promise<readonly LogicalVolume[]> | undefined;

  constructor(storage: LvmStorage, options: LvmOptions = {}) {
    this.#storage = storage;
    this.#run = options.run ?? exec;
    this.#lvm = new Lvm(this.#run);
    this.#activation = options.activation ?? deviceMapper(this.#lvm, storage.group);
  }

  async find(id: string): Promise<number | undefined> {
    const volume = await this.#find(id);
    return volume?.tags.includes(FINISHED) ? volume.bytes : undefined;
  }

  async allocate(id: string, bytes: number): Promise<string> {
    const found = await this.#find(id);
    if (found === undefined) await this.#create(id, bytes);
    else await this.#enlarge(found, bytes);
    return this.open(id);
  }

  async finish(id: string): Promise<void> {
    await this.#change("lvchange", "--addtag", FINISHED, this.#path(id));
  }

  open(id: string): Promise<string> {
    return this.#activation.open(nameOf(id));
  }

  async close(id: string): Promise<void> {
    if ((await this.#find(id)) !== undefined) await this.#activation.close(nameOf(id));
  }

  async extend(id: string, bytes: number): Promise<void> {
    const found = await this.#find(id);
    if (found === undefined) throw new PlimsollError("LVM", `${this.#path(id)}: is not there`);
    await this.#enlarge(found, bytes);
    await this.open(id);
  }

  /** lvreduce asks no question of a volume that is not active. */
  async reduce(id: string, bytes: number): Promise<void> {
    const found = await this.#find(id);
    const wanted = await this.#rounded(bytes);
    // The same size again is an error to lvreduce.
    if (found !== undefined && wanted < found.bytes)
      await this.#change("lvreduce", "--size", sizeOf(wanted), this.#path(id));
  }

  async free(id: string): Promise<void> {
    if ((await this.#find(id)) === undefined) return;
    const device = await this.open(id);
    // A thin pool clears the blocks it gets back before anybody has them; the others the next owner would see.
    const how = this.#storage.thin === undefined ? ["--zeroout"] : [];
    await this.#run(["blkdiscard", ...how, device], { timeoutMs: WIPE_MS });
    await this.#activation.close(nameOf(id));
    await this.#change("lvremove", this.#path(id));
  }

  /** A thin pool that fills takes more of its group. Beyond that, nothing more of it is promised. */
  async tend(): Promise<void> {
    const { group, thin } = this.#storage;
    if (thin === undefined) return;
    const pool = findPool(await this.#lvm.volumes(group), thin.pool);
    const vg = (await this.#lvm.groups()).find(({ name }) => name === group);
    const extension = pool && vg && planExtension(pool, vg, thin);
    if (extension === undefined) return;
    const { dataBytes, metadataBytes } = extension;
    const path = `${group}/${thin.pool}`;
    if (metadataBytes > 0)
      await this.#change("lvextend", "--poolmetadatasize", `+${sizeOf(metadataBytes)}`, path);
    if (dataBytes > 0) await this.#change("lvextend", "--size", `+${sizeOf(dataBytes)}`, path);
  }

  /** Not active, and so without a look at what an earlier volume left there: mkfs overwrites that. */
  async #create(id: string, bytes: number): Promise<void> {
    const { group, thin } = this.#storage;
    const tags = ["--addtag", "plimsoll", "--addtag", `plimsoll.machine=${id}`];
    const common = ["--name", nameOf(id), ...tags, "--activate", "n"];
    if (thin === undefined) {
      const plain = ["--type", "linear", "--zero", "n", "--wipesignatures", "n"];
      await this.#change("lvcreate", ...plain, ...common, "--size", sizeOf(bytes), group);
      return;
    }
    await this.#requireRoom(thin, bytes);
    const inPool = ["--type", "thin", "--thinpool", thin.pool];
    await this.#change("lvcreate", ...inPool, ...common, "--virtualsize", sizeOf(bytes), group);
  }

  async #enlarge({ name, bytes: had }: LogicalVolume, bytes: number): Promise<void> {
    if (had >= bytes) return;
    const { group, thin } = this.#storage;
    if (thin !== undefined) await this.#requireRoom(thin, bytes - had);
    await this.#change("lvextend", "--size", sizeOf(bytes), `${group}/${name}`);
  }

  async #requireRoom(thin: ThinPolicy, bytes: number): Promise<void> {
    await this.tend();
    const pool = findPool(await this.#lvm.volumes(this.#storage.group), thin.pool);
    const refusal = pool === undefined ? "is not there" : findRefusal(pool, thin, bytes);
    if (refusal !== undefined)
      throw new PlimsollError("LVM", `thin pool ${this.#storage.group}/${thin.pool}: ${refusal}`);
  }

  async #rounded(bytes: number): Promise<number> {
    const group = (await this.#lvm.groups()).find(({ name }) => name === this.#storage.group);
    const extentBytes = group?.extentBytes ?? 1;
    return Math.ceil(bytes / extentBytes) * extentBytes;
  }

  async #find(id: string): Promise<LogicalVolume | undefined> {
    return (await this.#volumes()).find(({ name }) => name === nameOf(id));
  }

  /** One report for all who ask while it is made, and none older than the last change. */
  #volumes(): Promise<readonly LogicalVolume[]> {
    this.#report ??= this.#lvm.volumes(this.#storage.group).finally(() => {
      this.#report = undefined;
    });
    return this.#report;
  }

  async #change(command: string, ...args: readonly string[]): Promise<void> {
    await this.#lvm.change(command, ...args);
    this.#report = undefined;
  }

  #path(id: string): string {
    return `${this.#storage.group}/${nameOf(id)}`;
  }
}

function deviceMapper(lvm: Lvm, group: string): Activation {
  return {
    open: async (name) => {
      const device = `/dev/${group}/${name}`;
      // The kernel has its size as soon as lvextend has ended.
      if (!existsSync(device)) await lvm.change("lvchange", "--activate", "y", `${group}/${name}`);
      return device;
    },
    close: (name) => lvm.change("lvchange", "--activate", "n", `${group}/${name}`),
  };
}

function nameOf(id: string): string {
  return `machine-${id}`;
}

function sizeOf(bytes: number): string {
  return `${bytes}b`;
}
