import { UsageError } from "../../core/runtime/errors.ts";
import { inTurns } from "../drivers/in-turns.ts";
import { planAdoption } from "../fleet/adoption.ts";
import type { Host } from "../host/host.ts";
import { listMachines } from "../machines/machines.ts";
import {
  type MachineSpec,
  type MachineText,
  namesOf,
  parseCommand,
  parseImage,
  parseMachineSpec,
} from "../machines/parse-spec.ts";
import type { Policy } from "../operations/documents.ts";
import { type Change, MAX_MACHINES } from "../operations/journal.ts";
import { planChange, planDestruction, type Verb } from "./change.ts";
import { planCreation } from "./create.ts";
import { onlineCpus } from "./online-cpus.ts";

/**
 * What an operator asks of this host's machines. It is text, as it was written: a field takes what the
 * option of that name takes, and so a command line and the API ask for the same.
 */
export type ChangeRequest =
  | CreateRequest
  | (Verb & { readonly names: readonly string[] })
  | EvacuateRequest
  | DestroyRequest;

export interface CreateRequest extends MachineText {
  readonly kind: "create";
  /** These, instead of what name and count give: a host's part of a batch. */
  readonly names?: readonly string[] | undefined;
  readonly count?: number | undefined;
  readonly partial?: boolean | undefined;
}

/** Of what is not told. */
export const CREATE_DEFAULTS: Omit<MachineText, "name" | "image" | "net" | "ip"> = {
  ...{ command: [], cpus: "1", memory: "512M", disk: "1G", fs: "ext4" },
  ...{ type: "container", label: [], attach: "internal" },
};

/** Machines of a fenced host are to be here instead, without their data. */
interface EvacuateRequest {
  readonly kind: "evacuate";
  readonly names: readonly string[];
  readonly from: string;
}

interface DestroyRequest {
  readonly kind: "destroy";
  readonly names: readonly string[];
}

/** Machines looked at side by side. */
const AT_ONCE = 8;

/** Whose turn it is: the machines that a request is about. No names are all of this host, for a repair. */
export async function machinesOf(host: Host, request: ChangeRequest): Promise<readonly string[]> {
  if (request.kind === "create") return specsOf(request).map(({ name }) => name);
  if (request.names.length > 0) return [...new Set(request.names)];
  if (request.kind !== "repair") throw new UsageError("names: at least one");
  return (await listMachines(host.store))
    .filter((each) => each.host === host.config.name && each.busy === undefined)
    .map(({ machine }) => machine.name);
}

/** What would be done, one change for each machine; nothing is written yet. */
export async function planRequest(host: Host, request: ChangeRequest): Promise<readonly Change[]> {
  if (request.kind === "create") return planCreation(host, specsOf(request));
  if (request.kind === "evacuate") return planAdoption(host, await machinesOf(host, request), request.from);
  return inTurns(await machinesOf(host, request), AT_ONCE, (name) =>
    request.kind === "destroy" ? planDestruction(host, name) : planChange(host, name, request),
  );
}

export function policyOf(request: ChangeRequest): Policy {
  return request.kind === "create" && request.partial !== true ? "together" : "apart";
}

/** Throws UsageError naming what is wrong, as far as the request alone tells. */
export function checkRequest(request: ChangeRequest, cpus?: number): void {
  if (request.kind === "create") specsOf(request, cpus);
  if (request.kind === "rebuild") {
    parseImage(request.image);
    parseCommand(request.command ?? []);
  }
  if (request.kind === "resize" && !["cpus", "memory", "disk"].some((name) => name in request))
    throw new UsageError("one of --cpus, --memory and --disk is needed");
}

/** `cpus` is what the largest host has, where it is not this one. */
export function specsOf(request: CreateRequest, cpus: number = onlineCpus().length): readonly MachineSpec[] {
  const { name, count = request.names?.length ?? 1, ip, names } = request;
  if (!Number.isInteger(count) || count < 1 || count > MAX_MACHINES)
    throw new UsageError(`--count: not 1 to ${MAX_MACHINES}, as many as are written down at once`);
  if (count > 1 && ip !== undefined) throw new UsageError("--ip: is for one machine, not for several");
  return (names ?? namesOf(name, count)).map((each) => parseMachineSpec({ ...request, name: each }, cpus));
}
