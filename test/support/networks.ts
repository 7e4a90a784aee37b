import type { Clock } from "../../core/runtime/clock.ts";
import type { NetworkSpec } from "../../provisioner/networks/network.ts";
import { parseSpec, type SpecText } from "../../provisioner/networks/parse-spec.ts";

/** Network `web` on VLAN 100, 10.0.0.0/24, where not told otherwise. */
export function specOf(changes: Partial<SpecText> = {}): NetworkSpec {
  return parseSpec({ name: "web", vlan: "100", cidr: "10.0.0.0/24", quarantineSeconds: 600, ...changes });
}

/** The uuid of the owner with this number. */
export function ownerOf(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
}

/** A wall clock that is set by hand, in either direction, and on which a sleep takes no time. */
export class SetClock implements Clock {
  now = 1_700_000_000_000;

  nowMs(): number {
    return this.now;
  }

  monotonicMs(): number {
    return this.now;
  }

  sleep(): Promise<void> {
    return Promise.resolve();
  }
}
