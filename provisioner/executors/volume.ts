import type { Executor } from "./types.ts";

export const createVolume: Executor<"createVolume"> = ({ machine, bytes, fileSystem }, { volumes }) =>
  volumes.create(machine.id, { bytes, fileSystem });

export const mountVolume: Executor<"mountVolume"> = async ({ machine }, { volumes }) => {
  await volumes.mount(machine.id);
};

export const growVolume: Executor<"growVolume"> = ({ machine, bytes }, { volumes }) =>
  volumes.grow(machine.id, bytes);

export const shrinkVolume: Executor<"shrinkVolume"> = ({ machine, bytes }, { volumes }) =>
  volumes.shrink(machine.id, bytes);

export const unmountVolume: Executor<"unmountVolume"> = ({ machine }, { volumes }) =>
  volumes.unmount(machine.id);

export const removeVolume: Executor<"removeVolume"> = ({ machine }, { volumes }) =>
  volumes.remove(machine.id);
