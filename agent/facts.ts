import { errnoOf, PlimsollError } from "../core/runtime/errors.ts";

/** It starts `df`, `lsblk` and others, any of which may hang on a lost mount. */
const TIMEOUT_MS = 30_000;

/** What a machine is, as far as it does not change while it runs. */
export interface Facts {
  readonly os: Readonly<Record<string, unknown>>;
  readonly hardware: Readonly<Record<string, unknown>>;
  readonly virtualisation: Readonly<Record<string, unknown>>;
}

/** A one-shot inventory. The library costs 10 MB and 27 child processes: never in a process that stays. */
export async function readFacts(): Promise<Facts> {
  const inventory = await loadInventory();
  const [os, cpu, memory, system] = await withinTime(
    Promise.all([inventory.osInfo(), inventory.cpu(), inventory.mem(), inventory.system()]),
  );
  return {
    os: {
      platform: os.platform,
      distribution: os.distro,
      release: os.release,
      kernel: os.kernel,
      architecture: os.arch,
      hostname: os.hostname,
      uefi: os.uefi ?? false,
    },
    hardware: {
      manufacturer: system.manufacturer,
      model: system.model,
      cpuVendor: cpu.manufacturer,
      cpuModel: cpu.brand,
      cpus: cpu.cores,
      physicalCores: cpu.physicalCores,
      memoryBytes: memory.total,
      swapBytes: memory.swaptotal,
    },
    virtualisation: { virtual: system.virtual, host: system.virtualHost ?? "" },
  };
}

/** The one file that containers get is without it. */
async function loadInventory() {
  try {
    return await import("systeminformation");
  } catch (error) {
    if (!["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"].includes(errnoOf(error) ?? "")) throw error;
    const hint = "run it from the whole installation of plimsoll, or npm install systeminformation beside it";
    throw new PlimsollError("FACTS", "inventory: the package systeminformation is not there", { hint });
  }
}

function withinTime<T>(answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const tooLate = (): void =>
      reject(new PlimsollError("FACTS", `inventory: no answer within ${TIMEOUT_MS / 1000} s`));
    const timer = setTimeout(tooLate, TIMEOUT_MS);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
