import { env as environment } from "node:process";
import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: {
    reporters: ["default", "./test/support/closing-line-reporter.ts"],
    coverage: {
      provider: "v8",
      include: ["core/**", "lxcfs-shim/**", "agent/**", "collector/**", "provisioner/**"],
    },
    // Projects of one group order run side by side; e2e has the machine to itself, the guests come last.
    projects: [
      {
        test: { name: "lint", include: ["test/lint/**/*.test.ts"], testTimeout: 180_000 },
      },
      {
        test: { name: "unit", include: ["test/unit/**/*.test.ts"], testTimeout: 20_000 },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: "test/support/build-setup.ts",
          sequence: { groupOrder: 1 },
          pool: "forks",
          fileParallelism: false,
          maxWorkers: 1,
          // A shared machine may stall for seconds: what fails twice is broken. The report names what was tried again.
          retry: environment.CI === undefined ? 0 : 1,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: "lab",
          include: ["test/lab/**/*.test.ts"],
          globalSetup: "test/support/build-setup.ts",
          sequence: { groupOrder: 2 },
          pool: "forks",
          maxWorkers: 2,
        },
      },
    ],
  },
});

export default config;
