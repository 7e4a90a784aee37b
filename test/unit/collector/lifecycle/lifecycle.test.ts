import { expect, test } from "vitest";
import { lifecycleSeries, openLifecycle } from "../../../../collector/lifecycle/lifecycle.ts";
import { renderExposition } from "../../../../core/metrics/exposition.ts";
import { openTestData } from "../../../support/collector-data.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { recordLog } from "../../../support/record-log.ts";
import { waitFor } from "../../../support/wait-for.ts";

test("one state for each machine, and whether engines answer", async () => {
  const clock = new ManualClock(1_700_000_000_000);
  const { inventory, timeline, close } = await openTestData(clock);
  const log = recordLog();
  inventory.observe("10.0.0.7", {
    owner: "o",
    generation: 1,
    container: "c",
    image: undefined,
    host: undefined,
  });
  const lifecycle = openLifecycle({
    ...{ inventory, timeline, clock, log },
    docker: ["/nowhere/docker.sock"],
    provisioner: ["/nowhere/provisioner.sock"],
  });
  await waitFor("the missing engine", () => log.lines.length > 1);
  await clock.advance(60_000);
  lifecycle.watch.look();
  const page = renderExposition(lifecycleSeries(lifecycle, inventory, clock.nowMs()));
  expect(page.split("\n").filter((line) => line !== "" && !line.startsWith("#"))).toEqual([
    'plimsoll_collector_docker_up{engine="/nowhere/docker.sock"} 0',
    'plimsoll_collector_provisioner_up{provisioner="/nowhere/provisioner.sock"} 0',
    'plimsoll_machine_generations{instance="10.0.0.7",ip="10.0.0.7"} 1',
    'plimsoll_machine_last_seen_seconds{instance="10.0.0.7",ip="10.0.0.7"} 1700000000',
    'plimsoll_machine_state{instance="10.0.0.7",ip="10.0.0.7",state="silent"} 1',
  ]);
  await lifecycle.close();
  await close();
});
