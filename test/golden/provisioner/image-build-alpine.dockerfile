FROM alpine:3.20
RUN apk add --no-cache nginx openssh \
 && rm -f /etc/ssh/ssh_host_*
COPY ["sshd.conf", "/etc/ssh/sshd_config.d/plimsoll.conf"]
LABEL org.opencontainers.image.base.name="alpine:3.20"
EXPOSE 22/tcp
CMD ["/bin/sh", "-c", "mkdir -p /run/sshd && ssh-keygen -A && exec /usr/sbin/sshd -D -e"]
