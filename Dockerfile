# docker build --tag countenance .
# docker run --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
#     --volume countenance-data:/data --volume countenance-keys:/keys --publish 127.0.0.1:7300:7300 countenance
#
# The image holds the program, the C library it is linked to, and nothing else: no shell, no package manager.
FROM rust:1.95.0-bookworm AS build
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends g++ npm python3 python3-pip \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN cargo xtask models \
    && cargo build --release --locked --package countenance-cli \
    && packaging/rootfs.sh target/release/countenance /image \
    && /image/usr/bin/countenance doctor --isa scalar

FROM scratch
COPY --from=build /image /
USER 10001:10001
# The root key belongs on another volume than the data: whoever steals one of them has nothing.
ENV COUNTENANCE_DATA=/data/vault \
    COUNTENANCE_ROOT=/keys/vault.root \
    COUNTENANCE_LISTEN=0.0.0.0:7300 \
    COUNTENANCE_INSECURE=true
# What listens inside the container is reached through what the host publishes: put TLS in front of that, or mount a
# certificate, name it with COUNTENANCE_TLS_CERT and COUNTENANCE_TLS_KEY and set COUNTENANCE_INSECURE=false.
VOLUME ["/data", "/keys"]
EXPOSE 7300
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/countenance"]
CMD ["serve"]
