/*
 * What we use of the Docker Engine API, as it holds by its OpenAPI documents 1.41 and 1.51: api/swagger.yaml of Moby,
 * Apache-2.0. Made by scripts/engine-types.mjs, which says what is used; nothing here is changed by hand.
 */

export interface SystemVersionAnswer {
  readonly ApiVersion?: string;
  readonly MinAPIVersion?: string;
}

export interface SystemInfoAnswer {
  readonly ServerVersion?: string;
  readonly Driver?: string;
  readonly DriverStatus?: readonly (readonly string[])[] | null;
  readonly DockerRootDir?: string;
  readonly Containers?: number;
  readonly ContainersRunning?: number;
  readonly Images?: number;
  readonly LiveRestoreEnabled?: boolean;
}

export interface SystemEventsAnswer {
  readonly Type?: string;
  readonly Action?: string;
  readonly Actor?: { readonly ID?: string; readonly Attributes?: Readonly<Record<string, string>> | null };
  readonly timeNano?: number;
}

export type ContainerListAnswer = readonly {
  readonly Id?: string;
  readonly Names?: readonly string[] | null;
  readonly Image?: string;
  readonly ImageID?: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly State?: string;
  readonly NetworkSettings?: {
    readonly Networks?: Readonly<Record<string, { readonly IPAddress?: string }>> | null;
  };
}[];

export interface ContainerInspectAnswer {
  readonly Id?: string;
  readonly State?: {
    readonly Running?: boolean;
    readonly Pid?: number;
    readonly ExitCode?: number;
    readonly Health?: { readonly Status?: "none" | "starting" | "healthy" | "unhealthy" } | null;
  } | null;
  readonly Config?: {
    readonly Labels?: Readonly<Record<string, string>> | null;
    readonly Healthcheck?: { readonly Interval?: number; readonly Timeout?: number };
  };
  readonly HostConfig?: {
    readonly Memory?: number;
    readonly CpuPeriod?: number;
    readonly CpuQuota?: number;
    readonly CpusetCpus?: string;
    readonly NetworkMode?: string;
  };
}

export interface ContainerCreateBody {
  readonly Image?: string;
  readonly Hostname?: string;
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Env?: readonly string[];
  readonly Labels?: Readonly<Record<string, string>>;
  readonly NetworkDisabled?: boolean;
  readonly StopSignal?: string;
  readonly HostConfig?: {
    readonly Memory?: number;
    readonly MemorySwap?: number;
    readonly CpuPeriod?: number;
    readonly CpuQuota?: number;
    readonly CpusetCpus?: string;
    readonly NanoCpus?: number;
    readonly PidsLimit?: number;
    readonly NetworkMode?: string;
    readonly IpcMode?: string;
    readonly Binds?: readonly string[];
    readonly Tmpfs?: Readonly<Record<string, string>>;
    readonly CapDrop?: readonly string[];
    readonly ReadonlyRootfs?: boolean;
  };
}

export interface ContainerCreateAnswer {
  readonly Id: string;
}

export interface ContainerUpdateBody {
  readonly Memory?: number;
  readonly MemorySwap?: number;
  readonly CpuPeriod?: number;
  readonly CpuQuota?: number;
  readonly CpusetCpus?: string;
}

export interface ContainerWaitAnswer {
  readonly StatusCode: number;
}

export interface ContainerExecBody {
  readonly AttachStdin?: boolean;
  readonly AttachStdout?: boolean;
  readonly AttachStderr?: boolean;
  readonly Tty?: boolean;
  readonly Env?: readonly string[];
  readonly Cmd?: readonly string[];
}

export interface ContainerExecAnswer {
  readonly Id: string;
}

export interface ExecStartBody {
  readonly Detach?: boolean;
  readonly Tty?: boolean;
}

export interface ExecInspectAnswer {
  readonly Running?: boolean;
  readonly ExitCode?: number;
}

export type ImageListAnswer = readonly {
  readonly RepoTags: readonly string[] | null;
  readonly RepoDigests: readonly string[] | null;
}[];

export interface ImageInspectAnswer {
  readonly RepoTags?: readonly string[] | null;
  readonly RepoDigests?: readonly string[] | null;
  readonly Config?: {
    readonly Entrypoint?: readonly string[] | null;
    readonly Cmd?: readonly string[] | null;
  };
}

export interface BuildInfo {
  readonly stream?: string;
  readonly status?: string;
  readonly error?: string | null;
  readonly aux?: { readonly ID?: string };
}
