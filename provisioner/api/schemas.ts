import { OPERATION_KINDS } from "../machines/documents.ts";
import {
  fields,
  NUMBER,
  type ObjectSchema,
  oneWord,
  orNull,
  reference,
  type Schema,
  TEXT,
  TEXTS,
} from "./schema.ts";

const COUNT: Schema = { type: "integer", minimum: 0 };
const YES_OR_NO: Schema = { type: "boolean" };
const KIND: Schema = oneWord(...OPERATION_KINDS);
const some = (description: string): Schema => ({ type: "string", description });

const NAMES: Schema = { type: "array", items: TEXT, description: "names of machines" };

/** Fields take what the options of their names take. */
const CREATE: ObjectSchema = fields(
  {
    kind: oneWord("create"),
    name: some("of the machine; with count it gets -1, -2 … appended"),
    image: some("with glibc and /bin/sh"),
    net: some("the network its permanent address is from"),
  },
  {
    command: { type: "array", items: TEXT, description: "instead of the image's own" },
    cpus: some("a share of this host's CPUs: 1 unless told"),
    memory: some("512M unless told"),
    disk: some("1G unless told"),
    fs: oneWord("ext4", "xfs", "btrfs"),
    ip: some("this address and no other"),
    type: some("a word: container unless told"),
    label: { type: "array", items: TEXT, description: "NAME=VALUE" },
    attach: oneWord("internal", "veth"),
    names: { type: "array", items: TEXT, description: "instead of what name and count give" },
    count: { type: "integer", minimum: 1 },
    partial: { type: "boolean", description: "keep those that could be made when others could not" },
  },
);

const VERBS: readonly ObjectSchema[] = [
  fields({ kind: oneWord("start", "stop", "restart", "destroy"), names: NAMES }),
  fields({
    kind: oneWord("repair"),
    names: { ...NAMES, description: "none are all of this host" } as Schema,
  }),
  fields({ kind: oneWord("resize"), names: NAMES }, { cpus: TEXT, memory: TEXT, disk: TEXT }),
  fields({
    ...{ kind: oneWord("evacuate"), names: NAMES },
    from: some("a fenced host: they are made here instead, without their data"),
  }),
  fields({ kind: oneWord("rebuild"), names: NAMES, image: TEXT }, { command: TEXTS }),
];

const MACHINE: ObjectSchema = fields({
  ...{ name: TEXT, ip: orNull(TEXT), mac: orNull(TEXT), id: TEXT, host: TEXT, type: TEXT },
  state: oneWord("running", "stopped", "unknown"),
  busy: orNull(KIND),
  trouble: orNull(TEXT),
  power: oneWord("on", "off"),
  ...{ image: TEXT, command: TEXTS, generation: COUNT, cpus: NUMBER, cpuset: TEXT },
  ...{ memoryBytes: COUNT, diskBytes: COUNT, fileSystem: TEXT, network: TEXT, attach: TEXT },
  labels: { type: "object", properties: {}, additionalProperties: TEXT },
  created: TEXT,
});

const NETWORK_SPEC: ObjectSchema = fields(
  { name: TEXT, vlan: { type: "integer", minimum: 1 }, cidr: TEXT },
  { gateway: TEXT, dns: TEXTS, exclude: TEXTS, quarantineSeconds: { type: "integer", minimum: 1 } },
);

const NETWORK: ObjectSchema = fields({
  ...{ name: TEXT, vlan: COUNT, cidr: TEXT, gateway: orNull(TEXT), dns: TEXTS, exclude: TEXTS },
  ...{ quarantineSeconds: COUNT, state: oneWord("active", "removing"), created: TEXT },
});

const POOL: ObjectSchema = fields({
  ...NETWORK.properties,
  addresses: fields({
    ...{ total: COUNT, free: COUNT, reserved: COUNT, bound: COUNT, quarantine: COUNT, conflict: COUNT },
  }),
  problems: TEXTS,
});

const ADDRESS: ObjectSchema = fields({
  ...{ address: TEXT, mac: TEXT, state: TEXT, owner: TEXT, generation: COUNT },
  ...{ since: TEXT, until: orNull(TEXT), detail: orNull(TEXT) },
});

const OPERATION: ObjectSchema = fields({
  ...{ id: TEXT, kind: KIND, state: oneWord("running", "ended"), begun: TEXT, ended: orNull(TEXT) },
  results: {
    type: "array",
    items: fields({ name: TEXT, state: oneWord("done", "undone", "stuck") }, { id: TEXT, error: TEXT }),
  },
});

/** Of any kind of step; what else it has depends on the kind. */
const STEP: Schema = {
  type: "object",
  properties: { kind: TEXT, machine: fields({ id: TEXT, name: TEXT }) },
  required: ["kind", "machine"],
  additionalProperties: true,
};

const PROGRESS: Schema = {
  oneOf: [
    fields({ event: oneWord("begin"), step: STEP, number: COUNT, of: COUNT, isUndo: YES_OR_NO }),
    fields({ event: oneWord("done"), step: STEP }),
    fields({ event: oneWord("end"), operation: reference("Operation") }),
  ],
};

const EXEC: ObjectSchema = fields(
  { command: { type: "array", items: TEXT, description: "a program and its arguments" } },
  { input: some("what it is given; nothing unless told") },
);

const OUTPUT: Schema = {
  oneOf: [
    fields({ event: oneWord("output"), stream: oneWord("stdout", "stderr"), text: TEXT }),
    fields({ event: oneWord("end"), exitCode: COUNT }),
  ],
};

const EVENT: ObjectSchema = fields({
  ...{ at: TEXT, host: TEXT, kind: TEXT, state: TEXT },
  ...{ name: orNull(TEXT), id: orNull(TEXT), text: orNull(TEXT) },
});

const STATUS: ObjectSchema = fields({
  ...{ version: TEXT, host: TEXT, store: TEXT, machines: COUNT, running: COUNT },
  troubles: { type: "array", items: fields({ name: TEXT, text: TEXT }) },
  orphans: TEXTS,
});

const ROOM: ObjectSchema = fields({ cpus: NUMBER, memoryBytes: COUNT, diskBytes: COUNT });

const HOST_STATE: Schema = oneWord("ready", "draining", "lost", "fenced");

const HOST: ObjectSchema = fields({
  ...{ name: TEXT, state: HOST_STATE, address: TEXT, version: TEXT },
  ...{ capacity: ROOM, used: ROOM, machines: COUNT, running: COUNT, images: TEXTS, seen: orNull(TEXT) },
  labels: { type: "object", properties: {}, additionalProperties: TEXT },
});

const ORDER: ObjectSchema = fields({
  ...{
    host: TEXT,
    state: oneWord("draining", "fenced"),
    since: TEXT,
    by: some("the host on which it was said"),
  },
});

const FENCE: ObjectSchema = fields({
  isOff: { type: "boolean", description: "true: the host is off, or cut from the network for good" },
});

const BATCH: ObjectSchema = fields({
  ...{ id: TEXT, state: oneWord("making", "taking-back") },
  parts: {
    type: "array",
    items: fields({
      ...{ host: TEXT, hostState: orNull(HOST_STATE), state: oneWord("pending", "made", "nothing") },
      ...{ isOpen: YES_OR_NO, machines: TEXTS },
    }),
  },
});

const REFUSALS: Schema = {
  type: "array",
  items: fields({ name: TEXT, why: { type: "array", items: TEXT, description: "what each host lacks" } }),
};

const EVACUATION: ObjectSchema = fields({
  from: TEXT,
  moves: {
    type: "array",
    items: fields({
      ...{ name: TEXT, to: TEXT, ip: orNull(TEXT), generation: COUNT, image: TEXT },
      hasImage: { type: "boolean", description: "false: that host fetches it first" } as Schema,
      diskBytes: { type: "integer", minimum: 0, description: "of the data that stays on the fenced host" },
    }),
  },
  refused: REFUSALS,
});

const EVACUATE: ObjectSchema = fields({
  withoutData: {
    type: "boolean",
    description: "true: with empty data disks; those they had stay on that host",
  },
});

const BEGUN_EVACUATION: ObjectSchema = fields({
  operations: {
    type: "array",
    items: fields({
      ...{ host: some("which makes them"), id: some("of its operation"), machines: TEXTS },
      error: orNull(some("why it does not")),
    }),
  },
  refused: REFUSALS,
});

/** Everything that goes in or comes out, by the name the OpenAPI document gives it. */
export const SCHEMAS: Readonly<Record<string, Schema>> = {
  ChangeRequest: { oneOf: [CREATE, ...VERBS] },
  Machine: MACHINE,
  NetworkSpec: NETWORK_SPEC,
  Network: NETWORK,
  Pool: POOL,
  Address: ADDRESS,
  Operation: OPERATION,
  Step: STEP,
  Progress: PROGRESS,
  ExecRequest: EXEC,
  Output: OUTPUT,
  Event: EVENT,
  Host: HOST,
  Order: ORDER,
  Fence: FENCE,
  Evacuate: EVACUATE,
  Evacuation: EVACUATION,
  BegunEvacuation: BEGUN_EVACUATION,
  Batch: BATCH,
  Status: STATUS,
  Error: fields({ error: TEXT, code: TEXT }, { hint: TEXT }),
};
