/** What the page asks the collector for: one definition for both ends. Ratios are 0 to 1, absence is null. */

/** `GET /api/v1/overview`. */
export interface Overview {
  readonly at: string;
  /** Between two figures of a course; the last is of now. */
  readonly stepSeconds: number;
  readonly machines: readonly OverviewMachine[];
}

export interface OverviewMachine {
  readonly ip: string;
  readonly name: string | null;
  readonly host: string | null;
  readonly state: string;
  readonly lastSeen: string;
  readonly generations: number;
  readonly cpu: number | null;
  readonly memory: number | null;
  readonly disk: number | null;
  readonly networkBytesPerSecond: number | null;
  /** Per cent, the oldest first. */
  readonly cpuCourse: readonly (number | null)[];
  readonly memoryCourse: readonly (number | null)[];
}

/** `GET /api/v1/machines/{ip}`, as much of it as the page shows. */
export interface MachineAbout {
  readonly ip: string;
  readonly state: string;
  readonly owner?: string;
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly seriesCount: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly histories: readonly MachineHistory[];
}

export interface MachineHistory {
  readonly history: number;
  readonly owner?: string;
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly ended?: string;
  readonly generations: readonly MachineGeneration[];
}

export interface MachineGeneration {
  readonly generation?: number;
  readonly container?: string;
  readonly image?: string;
  readonly host?: string;
  readonly started: string;
  readonly ended?: string;
  readonly why?: string;
}

/** Milliseconds since 1970 and a figure; what is no number is a text. */
export type Point = readonly [ms: number, value: number | string];

export interface ComparedCourse {
  readonly from: string;
  readonly to: string;
  readonly mean: number | null;
  readonly p95: number | null;
  readonly max: number | null;
  readonly points: readonly Point[];
}

/** `GET /api/v1/machines/{ip}/compare`. */
export interface ComparedMeasure {
  readonly metric: string;
  readonly unit: "ratio" | "bytes per second";
  readonly summary: string;
  readonly stepSeconds: number;
  readonly change: number | null;
  readonly now: ComparedCourse;
  readonly before: ComparedCourse;
}

/** `GET /api/v1/machines/{ip}/events`. */
export interface MachineEvent {
  readonly at: string;
  readonly kind: string;
  readonly detail: Readonly<Record<string, string>>;
}

/** `GET /api/v1/capacity`. */
export interface Capacity {
  readonly at: string;
  /** What groups are made by: a label, `host` or `ip`. */
  readonly by: string;
  readonly days: number;
  readonly stepSeconds: number;
  readonly machines: number;
  /** Of those, the ones whose week has been read: the rest follows. */
  readonly surveyed: number;
  readonly all: CapacityGroup | null;
  readonly groups: readonly CapacityGroup[];
}

export interface CapacityGroup {
  readonly name: string;
  readonly machines: number;
  /** Those of which anything is known. */
  readonly resources: readonly CapacityResource[];
}

export interface CapacityResource {
  readonly resource: "cpu" | "memory" | "disk";
  readonly unit: "cpus" | "bytes";
  readonly limit: number;
  readonly requested: number;
  /** By all machines together, of windows over a week. */
  readonly used: { readonly p50: number; readonly p95: number; readonly max: number };
  /** Parts of limits that their machines never came near to. */
  readonly unused: number;
  readonly isWasteful: boolean;
  /** Until the first machine has none left, if it goes on like this. */
  readonly exhaustedInDays: number | null;
  /** How many machines have too little, and the first of them. */
  readonly short: number;
  readonly shortages: readonly Shortage[];
}

export interface Shortage {
  readonly ip: string;
  readonly why: string;
}
