import { address } from "./address.ts";
import { card } from "./card.ts";
import { container } from "./container.ts";
import { holder } from "./holder.ts";
import { identity } from "./identity.ts";
import { image } from "./image.ts";
import type { Resource } from "./types.ts";
import { volume } from "./volume.ts";

/** What a machine is made of, each after what it stands on; taken away in the opposite order. */
export const RESOURCES: readonly Resource[] = [address, image, volume, identity, holder, card, container];
