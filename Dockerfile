# Images of the programs that run in, beside and below containers, and of the machine that containers with
# the life of a virtual machine start from; one target each:
#   docker build --target machine -t plimsoll-machine .
ARG NODE=20

FROM node:${NODE}-bookworm-slim AS build
WORKDIR /opt/plimsoll
COPY package.json package-lock.json ./
RUN npm ci --include=dev --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY agent agent
COPY bin bin
COPY collector collector
COPY core core
COPY lxcfs-shim lxcfs-shim
COPY provisioner provisioner
COPY scripts scripts
RUN npm run build && npm prune --omit=dev

# Node without npm, which nothing here calls.
FROM debian:bookworm-slim AS base
COPY --from=build /usr/local/bin/node /usr/local/bin/node
ENV NODE_ENV=production
WORKDIR /opt/plimsoll
COPY --from=build /opt/plimsoll/package.json ./
COPY --from=build /opt/plimsoll/bin bin
COPY --from=build /opt/plimsoll/dist dist

# The agent loads no package.
FROM base AS agent
ENTRYPOINT ["/opt/plimsoll/bin/plimsoll-agent"]
CMD ["run"]

FROM base AS collector
COPY --from=build /opt/plimsoll/node_modules node_modules
RUN useradd --system --create-home --home-dir /var/lib/plimsoll/collector plimsoll
EXPOSE 9465
USER plimsoll
ENTRYPOINT ["/opt/plimsoll/bin/plimsoll-collector"]
CMD ["serve", "--listen", "0.0.0.0:9465"]

# Runs with --privileged --pid=host, the host's /sys/fs/cgroup, and a shared bind mount at the mount point.
FROM base AS shim
COPY --from=build /opt/plimsoll/node_modules node_modules
ENTRYPOINT ["/opt/plimsoll/bin/plimsoll-shim"]
CMD ["serve", "--mount", "/var/lib/plimsoll/shim"]

# An image's own services are folders below /etc/service; a command given to `docker run` runs instead of them.
FROM base AS machine
RUN apt-get update \
 && apt-get install -y --no-install-recommends iproute2 openssh-server procps runit \
 && apt-get clean && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /etc/ssh/ssh_host_* /etc/service /etc/runit
COPY provisioner/machine/ /
RUN for service in /etc/service/*; do ln -s "/run/runit/$(basename "$service")" "$service/supervise"; done \
 && ln -s /opt/plimsoll/bin/plimsoll-agent /usr/local/bin/plimsoll-agent
ENV NODE_ENV=
WORKDIR /root
EXPOSE 22
HEALTHCHECK --interval=60s --timeout=5s --start-period=10s CMD ["/usr/local/sbin/machine-healthy"]
ENTRYPOINT ["/opt/plimsoll/bin/plimsoll-init"]
CMD ["/usr/local/sbin/machine-services"]
