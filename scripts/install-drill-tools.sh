#!/usr/bin/env bash
# Brings the tools of the fault drills, from Debian's packages. Needs root.
set -eu
missing=()
for pair in strace:strace mkfs.ext4:e2fsprogs losetup:mount mount:mount prlimit:util-linux ip:iproute2; do
  command -v "${pair%%:*}" > /dev/null || [ -x "/usr/sbin/${pair%%:*}" ] || missing+=("${pair#*:}")
done
[ ${#missing[@]} -eq 0 ] && exit 0
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}"
