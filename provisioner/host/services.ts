/*
 * LoadState=loaded
 * ActiveState=inactive
 * UnitFileState=disabled
 *
 * systemctl show --property=LoadState,ActiveState,UnitFileState UNIT (systemctl(1)).
 */
import { existsSync } from "node:fs";
import { type Exec, exec } from "../../core/runtime/exec.ts";
import type { Reversible } from "../host-network/apply.ts";

/** What every machine of a host stands on, as the package installs it. */
const UNITS = ["plimsoll-shim.service"];
/** systemd runs as the first process (sd_booted(3)). */
const BOOTED = "/run/systemd/system";
/** The shim answers before its unit is active. */
const START_MS = 60_000;

/** A unit that is installed. */
export interface ServiceState {
  readonly unit: string;
  readonly isActive: boolean;
  readonly isEnabled: boolean;
}

/** None where there is no systemd. */
export async function observeServices(
  run: Exec = exec,
  booted: string = BOOTED,
): Promise<readonly ServiceState[]> {
  if (!existsSync(booted)) return [];
  const states = await Promise.all(
    UNITS.map(async (unit) => {
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
