#!/usr/bin/env bash
# Lays out a root folder that holds the program, the libraries it is linked to, and nothing else:
# packaging/rootfs.sh PROGRAM FOLDER
set -euo pipefail
[ $# -eq 2 ] || { sed -n 3p "$0"; exit 2; }
program=$1 root=$2
mkdir -p "$root"/{etc,data,keys,tmp,usr/bin}
install -m 755 "$program" "$root/usr/bin/countenance"
# The third column of `a => b (address)`, the first of the loader's line; vdso has no file.
ldd "$program" | awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\// { print $1 }' | while read -r library; do
  # The loader looks where it was linked to look, so each keeps its path.
  install -D -m 755 "$(readlink -f "$library")" "$root$library"
done
echo 'countenance:x:10001:10001::/data:/usr/bin/countenance' >"$root/etc/passwd"
echo 'countenance:x:10001:' >"$root/etc/group"
chmod 700 "$root/data" "$root/keys"
chmod 1777 "$root/tmp"
if [ "$(id -u)" = 0 ]; then
  chown 10001:10001 "$root/data" "$root/keys"
fi
