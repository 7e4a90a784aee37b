import { expect, test } from "vitest";
import type { ContainerInspectAnswer } from "../../../../core/runtime/engine-types.ts";
import type { DockerEngine } from "../../../../provisioner/docker/engine.ts";
import { madeContainer, runningContainer } from "../../../../provisioner/machines/container-of.ts";
import { MACHINE } from "../../../support/machine-model.ts";

const machine = { ...MACHINE, name: "web", generation: 3 };

/** Knows one container, in this state. */
function engine(State?: ContainerInspectAnswer["State"]): Pick<DockerEngine, "inspectContainer"> {
  return {
    inspectContainer: async (name) => (State && name === "plimsoll.web.3" ? { State } : undefined),
  };
}

const RUNS = { Running: true, Pid: 7, ExitCode: 0 };
const STOPPED = { Running: false, Pid: 0, ExitCode: 143 };

test("what a machine's program has written can be read whether it runs or not", async () => {
  expect(await madeContainer(engine(RUNS), machine)).toBe("plimsoll.web.3");
  expect(await madeContainer(engine(STOPPED), machine)).toBe("plimsoll.web.3");
  await expect(madeContainer(engine(), machine)).rejects.toThrow("container web: has not been made yet");
});

test("a command inside needs a machine that runs, and who asks is told what to do", async () => {
  expect(await runningContainer(engine(RUNS), machine)).toBe("plimsoll.web.3");
  await expect(runningContainer(engine(STOPPED), machine)).rejects.toMatchObject({
    ...{ code: "NOT_RUNNING", message: "container web: does not run", hint: "plimsoll ct start web" },
  });
  await expect(runningContainer(engine(), machine)).rejects.toThrow("container web: has not been made yet");
});
