import { renderBytes } from "../step/render.ts";
import type { Move } from "./evacuation.ts";
import { type Refusal, renderRefusal } from "./placement.ts";

/** Where the machines of a fenced host would be made, as commands and the API show it. */
export interface EvacuationView {
  readonly from: string;
  readonly moves: readonly MoveView[];
  readonly refused: readonly Refusal[];
}

export interface MoveView {
  readonly name: string;
  readonly to: string;
  /** It stays the machine's. */
  readonly ip: string | null;
  /** The one that it will be. */
  readonly generation: number;
  readonly image: string;
  /** That host has its image, as far as it says. */
  readonly hasImage: boolean;
  /** Of the data that stays behind. */
  readonly diskBytes: number;
}

export function viewMove({ found: { machine }, to, hasImage }: Move, address: string | undefined): MoveView {
  const { name, image, generation, disk } = machine;
  return {
    ...{ name, to, ip: address ?? null, generation: generation + 1, image, hasImage },
    diskBytes: disk.bytes,
  };
}

/** A line for each machine. */
export function renderEvacuation({ from, moves, refused }: EvacuationView): readonly string[] {
  return [...moves.map((move) => renderMove(from, move)), ...refused.map(renderRefusal)];
}

/** `web to h2: 10.0.0.7, generation 2 of debian:12; its data, 20 GiB, stays on h1`. */
function renderMove(
  from: string,
  { name, to, ip, generation, image, hasImage, diskBytes }: MoveView,
): string {
  const parts = [
    `${ip ?? "its address"}, generation ${generation} of ${image}`,
    ...(hasImage ? [] : [`which ${to} fetches first`]),
  ];
  return `${name} to ${to}: ${parts.join(", ")}; its data, ${renderBytes(diskBytes)}, stays on ${from}`;
}
