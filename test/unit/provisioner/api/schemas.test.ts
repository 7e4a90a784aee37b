import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { findMismatch, reference } from "../../../../provisioner/api/schema.ts";
import { SCHEMAS } from "../../../../provisioner/api/schemas.ts";
import { CREATE_DEFAULTS } from "../../../../provisioner/ct/request.ts";
import { viewMachines } from "../../../../provisioner/ct/views.ts";
import { openDockerEngine } from "../../../../provisioner/docker/engine.ts";
import { viewEvent } from "../../../../provisioner/events/render.ts";
import { createNetwork } from "../../../../provisioner/networks/networks.ts";
import { planMachine } from "../../../../provisioner/plan/plan.ts";
import { openEmbeddedStore } from "../../../../provisioner/store/embedded.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { MACHINE, NOTHING } from "../../../support/machine-model.ts";
import { SetClock, specOf } from "../../../support/networks.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const fits = (name: string, value: unknown): void =>
  expect(findMismatch(reference(name), JSON.parse(JSON.stringify(value)), SCHEMAS)).toBeUndefined();

test("a machine is shown as its schema says", async () => {
  const folder = cleanup.temporaryFolder();
  const store = openEmbeddedStore(join(folder, "state.db"));
  cleanup.add("store", () => store.close());
  const docker = openDockerEngine(join(folder, "docker.sock"));
  cleanup.add("engine", () => docker.close());
  await createNetwork(store, new SetClock(), specOf({ name: "front" }));
  const [view] = await viewMachines(store, "h1", docker, [{ machine: MACHINE, host: "h1", createdMs: 0 }]);

  fits("Machine", view);
});

test("events, steps and progress as well", () => {
  const [step] = planMachine(NOTHING, MACHINE);
  const results = [{ name: "web", state: "undone", error: "why" }];
  const operation = { id: "a", kind: "stop", state: "ended", begun: "", ended: null, results };

  fits("Event", viewEvent({ atMs: 0, host: "h1", kind: "stop", state: "done" }));
  fits("Step", step);
  fits("Operation", operation);
  fits("Progress", { event: "begin", step, number: 1, of: 9, isUndo: false });
  fits("Progress", { event: "end", operation });
});

test("what the command line asks for may be asked for", () => {
  const create = { kind: "create", name: "web", image: "i", net: "front", ...CREATE_DEFAULTS };

  fits("ChangeRequest", { ...create, count: 3, partial: true, ip: "10.0.0.7", label: ["a=b"] });
  fits("ChangeRequest", { kind: "resize", names: ["web"], cpus: "2" });
  fits("ChangeRequest", { kind: "rebuild", names: ["web"], image: "i", command: ["sh"] });
  fits("ChangeRequest", { ...create, names: ["web-1", "web-3"] });
  fits("ChangeRequest", { kind: "evacuate", names: ["web"], from: "h2" });
  for (const kind of ["start", "stop", "restart", "repair", "destroy"])
    fits("ChangeRequest", { kind, names: ["web"] });
});
