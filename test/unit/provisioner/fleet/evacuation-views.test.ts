import { expect, test } from "vitest";
import { renderEvacuation, viewMove } from "../../../../provisioner/fleet/evacuation-views.ts";
import { foundOf } from "../../../support/fleet-store.ts";

test("what would be made where, what stays behind, and what finds no room", () => {
  const web = viewMove({ found: foundOf("web", "h1"), to: "h2", hasImage: true }, "10.0.0.7");
  const db = viewMove(
    { found: foundOf("db", "h1", { image: "debian:13" }), to: "h3", hasImage: false },
    undefined,
  );
  const refused = [{ name: "huge", why: ["h2 has 1 GiB of memory free, 9 GiB needed"] }];

  expect(db).toMatchObject({ ip: null, generation: 2, diskBytes: 2 ** 30 });
  expect(renderEvacuation({ from: "h1", moves: [web, db], refused })).toEqual([
    "web to h2: 10.0.0.7, generation 2 of debian:12; its data, 1 GiB, stays on h1",
    "db to h3: its address, generation 2 of debian:13, which h3 fetches first; its data, 1 GiB, stays on h1",
    "huge: no host for it: h2 has 1 GiB of memory free, 9 GiB needed",
  ]);
});
