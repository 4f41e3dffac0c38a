# An image that holds the program, the four libraries that it is linked with, and nothing
# else: no shell, no packages, no user but its own.
#
#   docker build --tag callboard .
#
# Whatever reaches the server from another network address needs TLS and a token, so there are
# two ways to use it.
#
# From this machine, by the socket in the volume. The server lets in its own user, so it runs as
# you. The folder has to be there and yours; otherwise Docker makes one that is root's, which
# the server refuses. Where Docker itself runs as you, it is `--user 0:0` that is you; Podman has
# `--userns keep-id` for that.
#
#   mkdir -p -m 700 ~/run-agent
#   docker run --detach --name callboard --stop-timeout 25 \
#     --read-only --cap-drop ALL --security-opt no-new-privileges \
#     --user "$(id -u):$(id -g)" --volume ~/run-agent:/data callboard
#   CALLBOARD_ADDR=unix:$HOME/run-agent/.callboard/socket callboard status
#
# From elsewhere, by a published port. The certificate and the key are files of user 65532, the
# key with mode 600. The token is printed once, and only its hash is kept.
#
#   docker run --rm --volume callboard:/data callboard \
#     token create --name ci --projects 'swarm*' --allow read,write --expires 30d
#   docker run --detach --name callboard --stop-timeout 25 \
#     --read-only --cap-drop ALL --security-opt no-new-privileges \
#     --volume callboard:/data --volume /etc/callboard/tls:/tls:ro --publish 50051:50051 \
#     --env CALLBOARD_LISTEN=0.0.0.0:50051 \
#     --env CALLBOARD_TLS_CERT=/tls/cert.pem --env CALLBOARD_TLS_KEY=/tls/key.pem callboard
#
# A stop waits up to 10 s for calls in progress, as long as Docker does by itself: hence
# --stop-timeout. Do not give the container the name of its host (--network host, --uts host)
# unless it sees the processes of the host too (--pid host): the server would look for the runs
# of the host among its own processes, and take them for lost.

# For builds that are the same to the last byte give a digest: --build-arg RUST_IMAGE=rust@sha256:…
ARG RUST_IMAGE=rust:1.95-slim-bookworm

FROM ${RUST_IMAGE} AS build
SHELL ["/bin/bash", "-euxo", "pipefail", "-c"]
WORKDIR /src
COPY . .
# What is downloaded stays with the builder for the next time. What is compiled does not: nothing of
# another build, or of another architecture, gets into this one.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    cargo build --release --locked --package callboard --bin callboard; \
    install -D target/release/callboard /image/usr/local/bin/callboard
# glibc rather than musl, whose allocator takes one lock for all threads. The program starts
# without the rest of the system, or the build ends here. Without times of this build, what
# did not change stays the same layer.
RUN ldd /image/usr/local/bin/callboard | grep --only-matching '/[^ ]*' \
      | xargs cp --parents --dereference --target-directory=/image; \
    install -D --mode=644 LICENSE /image/usr/share/doc/callboard/LICENSE; \
    install -d /image/etc; \
    echo 'callboard:x:65532:65532::/data:/nonexistent' > /image/etc/passwd; \
    echo 'callboard:x:65532:' > /image/etc/group; \
    chroot /image /usr/local/bin/callboard --version; \
    install -d --mode=700 /volume/data; \
    find /image /volume -exec touch --no-dereference --date=@0 {} +

FROM scratch
LABEL org.opencontainers.image.title="Callboard" \
      org.opencontainers.image.description="A shared storage and a message board for programs, kept as plain files" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/callboard-dev/callboard" \
      org.opencontainers.image.documentation="https://github.com/callboard-dev/callboard#readme"
COPY --from=build /image/ /
# A new volume takes its owner and its mode from this folder.
COPY --from=build --chown=65532:65532 /volume/ /
# The address is for the commands of this image, the check below among them. CALLBOARD_LISTEN
# stays as it is, loopback, which inside a container means nobody.
ENV CALLBOARD_ROOT=/data \
    CALLBOARD_ADDR=unix:/data/.callboard/socket
# Not nobody's 65534: the system shows it for everybody whom a container does not know.
USER 65532:65532
WORKDIR /data
VOLUME /data
EXPOSE 50051
STOPSIGNAL SIGTERM
# With --json the server only says who it is, and counts nothing. A server with require_token asks
# this for a token too: CALLBOARD_TOKEN.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["/usr/local/bin/callboard", "status", "--json"]
ENTRYPOINT ["/usr/local/bin/callboard"]
CMD ["serve"]
