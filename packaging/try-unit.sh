#!/usr/bin/env bash
# The service starts under a real systemd, as packaging/countenance.service says: packaging/try-unit.sh PROGRAM PHOTO PHOTO
# By hand and as root. A second systemd is booted over a copy-on-write view of this system, in namespaces of its own
# (network excepted, where devices are left alone); nothing of this system is changed, and all ends after a minute.
set -euo pipefail
[ $# -eq 3 ] || { sed -n 2,4p "$0"; exit 2; }
[ "$(id -u)" = 0 ] && [ -x /lib/systemd/systemd ] || { echo "SKIPPED: takes root and systemd"; exit 0; }
program=$(realpath "$1") first=$(realpath "$2") second=$(realpath "$3")
cd "$(dirname "$0")/.."
source=$PWD folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/check.sh" <<'END'
#!/bin/bash
# Runs as a service beside the one it checks; what it says is read by whoever booted.
set -uo pipefail
systemd-sysusers
# As docs/operations.md has it.
cd /root
countenance keyring init --data /root/vault --root /root/vault.root >/dev/null
systemd-creds encrypt --with-key=host --name=countenance-root /root/vault.root /etc/countenance/root.cred 2>/dev/null
install -d -m 700 /var/lib/countenance
mv /root/vault /var/lib/countenance/vault
rm /root/vault.root
chown -R countenance:countenance /var/lib/countenance
systemctl start countenance || { journalctl -u countenance --no-pager | tail; exit 1; }
for _ in $(seq 50); do curl -sf http://127.0.0.1:7300/readyz >/dev/null && break; sleep 0.1; done
key=$(countenance key create --data /var/lib/countenance/vault --scopes compare --json | sed -n 's/.*"key": "\(.*\)".*/\1/p')
curl -sS -H "Authorization: Bearer $key" -F reference=@/check/first -F probe=@/check/second http://127.0.0.1:7300/v1/compare
echo
grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs|Seccomp):' "/proc/$(systemctl show -p MainPID --value countenance)/status"
systemctl stop countenance
systemctl show -p Result --value countenance
END
cat >"$folder/boot.sh" <<'END'
#!/bin/bash
set -euo pipefail
root=$folder/root
mkdir "$folder"/{root,over}
mount -t tmpfs tmpfs "$folder/over"
mkdir "$folder"/over/{upper,work}
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/over/upper,workdir=$folder/over/work" "$root"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mkdir -p "$root"/{before,check,etc/countenance}
install -m 755 "$program" "$root/usr/bin/countenance"
install -m 644 "$source/packaging/countenance.service" "$root/etc/systemd/system/"
install -m 644 "$source/packaging/countenance.sysusers" "$root/usr/lib/sysusers.d/countenance.conf"
install -m 755 "$folder/check.sh" "$root/check/check.sh"
cp "$first" "$root/check/first"
cp "$second" "$root/check/second"
# Devices and the network are this system's.
for unit in systemd-udevd.service systemd-udevd-kernel.socket systemd-udevd-control.socket systemd-udev-trigger.service systemd-networkd.service; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
cat >"$root/etc/systemd/system/check.service" <<UNIT
[Service]
Type=oneshot
ExecStart=/bin/bash -c '/check/check.sh >/check/said 2>&1; echo "ended \$?" >>/check/said'
UNIT
cat >"$root/etc/systemd/system/check.target" <<UNIT
[Unit]
Wants=systemd-journald.service systemd-journald.socket check.service
AllowIsolate=yes
UNIT
cd "$root"
pivot_root . before
umount -l /before
mount --make-rshared /
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --unit=check.target --log-target=null --show-status=no
END
export program first second source folder
timeout -s KILL 60 unshare --mount --propagation private --pid --fork --kill-child --uts --ipc bash "$folder/boot.sh" &
said=""
for _ in $(seq 55); do
  sleep 1
  booted=$(pgrep -f 'systemd --unit=check.target' | tail -n 1) || continue
  said=/proc/$booted/root/check/said
  grep -q '^ended' "$said" 2>/dev/null && break
done
cat "$said"
result=$(tail -n 2 "$said" | tr '\n' ' ')
kill -KILL "$booted" 2>/dev/null || true
wait 2>/dev/null || true
[ "$result" = "success ended 0 " ] || { echo "FAILED"; exit 1; }
echo "ok      the service of packaging/ starts with a sealed credential, compares, and stops when told"
