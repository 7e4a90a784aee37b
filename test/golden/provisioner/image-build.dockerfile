FROM plimsoll-agent AS plimsoll
FROM registry.example/team/debian:12@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends nginx 'openssl=3.0.*' openssh-server \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin && rm -f /etc/ssh/ssh_host_*
COPY --from=plimsoll ["/opt/plimsoll", "/opt/plimsoll"]
COPY --from=plimsoll ["/usr/local/bin/node", "/usr/local/bin/node"]
RUN ln -sf /opt/plimsoll/bin/plimsoll-agent /usr/local/bin/plimsoll-agent
COPY ["plimsoll-init", "/usr/local/sbin/plimsoll-init"]
COPY ["sshd.conf", "/etc/ssh/sshd_config.d/plimsoll.conf"]
RUN ! grep -q -e '^web:' -e '^[^:]*:[^:]*:1000:' /etc/passwd /etc/group \
 && echo 'web:x:1000:1000::/home/web:/bin/sh' >> /etc/passwd \
 && echo 'web:x:1000:' >> /etc/group \
 && echo 'web:*:::::::' >> /etc/shadow \
 && mkdir -p /home
COPY --chown=1000:1000 ["homes/0", "/home"]
RUN ! grep -q -e '^batch:' -e '^[^:]*:[^:]*:1001:' /etc/passwd /etc/group \
 && echo 'batch:x:1001:1001::/srv/batch:/usr/sbin/nologin' >> /etc/passwd \
 && echo 'batch:x:1001:' >> /etc/group \
 && echo 'batch:*:::::::' >> /etc/shadow \
 && mkdir -p /srv
COPY --chown=1001:1001 ["homes/1", "/srv"]
RUN grep -q '^adm:' /etc/group && sed -i '/^adm:/{s/$/,web/;s/:,/:/}' /etc/group
RUN grep -q '^batch:' /etc/group && sed -i '/^batch:/{s/$/,web/;s/:,/:/}' /etc/group
COPY --chown=root:www-data ["files/0", "/etc/nginx/nginx.conf"]
COPY ["files/1", "/srv/my site"]
ENV LANG="C.UTF-8"
ENV PRICE="5 \$ \"net\"\\"
LABEL org.opencontainers.image.base.name="registry.example/team/debian:12"
LABEL org.opencontainers.image.base.digest="sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
LABEL owner="team web"
EXPOSE 8080/tcp 53/udp 22/tcp
WORKDIR /srv/my site
HEALTHCHECK --interval=60s --timeout=0.5s --start-period=10s --retries=3 CMD ["curl", "-f", "http://localhost:8080/"]
USER web
ENTRYPOINT ["/usr/local/sbin/plimsoll-init"]
CMD ["nginx", "-g", "daemon off;"]
