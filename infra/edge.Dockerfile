# The edge alone. The build context is the directory that holds the binary, built for Debian 12 or anything older:
#
#   cargo build --release --package bunraku
#   docker build --file infra/edge.Dockerfile --tag bunraku-edge target/release
#
# It is set up by its environment: BUNRAKU_STORE, BUNRAKU_QUEUE, BUNRAKU_CERTIFICATE, BUNRAKU_KEY,
# BUNRAKU_CA_CERTIFICATE, BUNRAKU_CRL (a file's path or the PEM text itself), BUNRAKU_EVENTS.
FROM debian:12-slim

# What signs the AWS API's certificates.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/*

COPY --chmod=0755 bunraku /usr/local/bin/bunraku

# nobody: the edge writes no file, and 8140 needs no right.
USER 65534:65534
ENV BUNRAKU_LISTEN=0.0.0.0:8140
EXPOSE 8140
# SIGTERM ends it when the agents that wait have their answers.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/bunraku"]
CMD ["edge"]
