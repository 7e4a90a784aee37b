/*
 * LoadState=loaded
 * ActiveState=inactive
 * UnitFileState=disabled
 *
 * systemctl show --property=LoadState,ActiveState,UnitFileState UNIT (systemctl(1)).
 */
import { existsSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { type Exec, exec } from "../../core/runtime/exec.ts";
import type { Reversible } from "../host-network/apply.ts";
import type { HostConfig } from "./config.ts";

/** What every machine of a host stands on, as the package installs it. */
const SHIM = "plimsoll-shim.service";
/** Where host.yaml names a collector on this very host. */
const COLLECTOR = "plimsoll-collector.service";
/** systemd runs as the first process (sd_booted(3)). */
const BOOTED = "/run/systemd/system";
/** Each answers before its unit is active. */
const START_MS = 60_000;

/** A unit that is installed. */
export interface ServiceState {
  readonly unit: string;
  readonly isActive: boolean;
  readonly isEnabled: boolean;
}

/** The units that a host shall have; `addresses` are its own. */
export function unitsOf(
  { collector }: Pick<HostConfig, "collector">,
  addresses: readonly string[] = ownAddresses(),
): readonly string[] {
  if (collector === undefined) return [SHIM];
  const host = new URL(collector.url).hostname.replace(/^\[|\]$/g, "");
  return host === "localhost" || addresses.includes(host) ? [SHIM, COLLECTOR] : [SHIM];
}

function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ address }) => address));
}

/** Those of the units that are installed; none where there is no systemd. */
export async function observeServices(
  units: readonly string[],
  run: Exec = exec,
  booted: string = BOOTED,
): Promise<readonly ServiceState[]> {
  if (!existsSync(booted)) return [];
  const states = await Promise.all(
    units.map(async (unit) => {
      const argv = ["systemctl", "show", "--property=LoadState,ActiveState,UnitFileState", unit];
      return parseService(unit, (await run(argv)).stdout);
    }),
  );
  return states.filter((state) => state !== undefined);
}

export function parseService(unit: string, text: string): ServiceState | undefined {
  const has = (line: string): boolean => text.split("\n").includes(line);
  if (!has("LoadState=loaded")) return undefined;
  return { unit, isActive: has("ActiveState=active"), isEnabled: has("UnitFileState=enabled") };
}

/** Those to be started, now and at every boot. */
export function planServices(observed: readonly ServiceState[]): readonly ServiceState[] {
  return observed.filter(({ isActive, isEnabled }) => !isActive || !isEnabled);
}

export function renderService({ unit }: ServiceState): string {
  return `start ${unit}, now and at every boot`;
}

export function reversibleService({ unit, isActive, isEnabled }: ServiceState, run: Exec = exec): Reversible {
  return {
    make: () => run(["systemctl", "enable", "--now", unit], { timeoutMs: START_MS }),
    undo: async () => {
      if (!isEnabled) await run(["systemctl", "disable", unit]);
      if (!isActive) await run(["systemctl", "stop", unit], { timeoutMs: START_MS });
    },
  };
}
