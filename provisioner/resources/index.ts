import { address } from "./address.ts";
import { card } from "./card.ts";
import { container } from "./container.ts";
import { holder } from "./holder.ts";
import { identity } from "./identity.ts";
import { image } from "./image.ts";
import { presence } from "./presence.ts";
import type { Resource } from "./types.ts";
import { volume } from "./volume.ts";

/**
 * What a machine is made of, each after what it stands on; taken away in the opposite order. The card is
 * plugged early: from then on the wire is asked for the address.
 */
export const RESOURCES: readonly Resource[] = [
  ...[address, image, holder, card],
  ...[volume, identity, presence, container],
];
