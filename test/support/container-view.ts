import fc from "fast-check";
import type { IoDeviceStats } from "../../core/kernel/cgroup/stats.ts";
import type {
  ContainerView,
  CpuView,
  HostText,
  LoadView,
  MemoryView,
} from "../../lxcfs-shim/proc-files/types.ts";

/** A view with what is given, and a reason for what is not. */
export function viewOf(parts: Partial<Omit<ContainerView, "missing">>): ContainerView {
  return {
    cpus: [0],
    uptimeSeconds: 100,
    ...parts,
    missing: (part) => (parts[part] === undefined ? `no ${part} here` : undefined),
  };
}

export function hostText(texts: Readonly<Record<string, string>>): HostText {
  return { text: (name) => texts[name] ?? "" };
}

const bytes = fc.integer({ min: 0, max: 2 ** 46 });
const limit = fc.oneof(bytes, fc.constant(Number.POSITIVE_INFINITY));
const ticks = fc.record({
  user: fc.nat(),
  nice: fc.nat(),
  system: fc.nat(),
  idle: fc.nat(),
});

/** Any figures, those that contradict each other included: they are not read at one moment. */
export const anyMemory: fc.Arbitrary<MemoryView> = fc
  .record({
    totalBytes: bytes,
    usageBytes: bytes,
    roomBytes: limit,
    detail: fc.record(
      { inactiveFileBytes: bytes, activeFileBytes: bytes, fileBytes: bytes, slabReclaimableBytes: bytes },
      { requiredKeys: [] },
    ),
    swap: fc.option(fc.record({ totalBytes: bytes, usedBytes: bytes })),
  })
  .map(({ swap, ...memory }) => ({ ...memory, ...(swap !== null && { swap }) }));

const anyCpu: fc.Arbitrary<CpuView> = fc.record({
  ticks: fc.array(ticks, { minLength: 1, maxLength: 4 }),
  total: ticks,
  running: fc.nat(),
  blocked: fc.nat(),
  processes: fc.nat(),
});

const anyLoad: fc.Arbitrary<LoadView> = fc.record({
  load1: fc.double({ min: 0, max: 1e6, noNaN: true }),
  load5: fc.double({ min: 0, max: 1e6, noNaN: true }),
  load15: fc.double({ min: 0, max: 1e6, noNaN: true }),
  running: fc.nat(),
  threads: fc.nat(),
  lastPid: fc.nat(),
});

const anyDisk: fc.Arbitrary<IoDeviceStats> = fc.record({
  major: fc.constant(8),
  minor: fc.constantFrom(0, 1, 16),
  readBytes: bytes,
  writeBytes: bytes,
  discardBytes: bytes,
  reads: fc.nat(),
  writes: fc.nat(),
  discards: fc.nat(),
});

/** Any view, parts missing included. */
export const anyView: fc.Arbitrary<ContainerView> = fc
  .record({
    memory: fc.option(anyMemory, { nil: undefined }),
    cpu: fc.option(anyCpu, { nil: undefined }),
    load: fc.option(anyLoad, { nil: undefined }),
    io: fc.option(fc.array(anyDisk, { maxLength: 3 }), { nil: undefined }),
    uptimeSeconds: fc.double({ min: 0, max: 1e9, noNaN: true }),
  })
  .map((parts) => viewOf({ ...parts, cpus: (parts.cpu?.ticks ?? [0]).map((_, index) => index) }));
