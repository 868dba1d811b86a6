#!/usr/bin/env bash
# Brings the servers that the bench and its tests compare with, from Debian's packages. Needs root.
set -eu
missing=()
for pair in redis-server:redis-server redis-benchmark:redis-tools etcd:etcd-server nats-server:nats-server; do
  command -v "${pair%%:*}" > /dev/null || [ -x "/usr/sbin/${pair%%:*}" ] || missing+=("${pair#*:}")
done
[ ${#missing[@]} -eq 0 ] && exit 0
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}"
