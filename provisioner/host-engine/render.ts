import { renderBytes } from "../step/render.ts";
import type { HostEngineChange } from "./plan.ts";

/** A change as a line for a reader. */
export function renderEngineChange(change: HostEngineChange): string {
  switch (change.kind) {
    case "createPool":
      return `create thin pool ${change.group}/${change.name} of ${renderBytes(change.bytes)} for Docker`;
    case "configure": {
      const options = [change.settings["storage-opts"]].flat().join(" ");
      return `have Docker store by ${change.driver}, ${options}, in ${change.file}, and start it again`;
    }
  }
}
