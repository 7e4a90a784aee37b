import { element } from "./dom.ts";
import type { View } from "./view.ts";

export class CapacityView implements View {
  readonly title = "Capacity";
  readonly page = "capacity";

  open(place: HTMLElement): void {
    place.append(element("h1", { text: this.title }));
  }

  close(): void {}
}
