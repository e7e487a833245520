#!/usr/bin/env bash
# Builds the program for arm64 on Debian 12, and under an emulator runs the tests of its kernels and its self-test: packaging/arm64.sh
# As root, with some 300 MB from the package archive: the compiler and its arm64 standard library have to be of one version, so
# both come from there (rustc-web), are laid out in the build folder and change nothing on the system.
set -euo pipefail
cd "$(dirname "$0")/.."
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
root=$target/arm64/root
triple=aarch64-unknown-linux-gnu
if [ ! -x "$root/usr/bin/rustc" ]; then
  mkdir -p "$target/arm64/packages"
  known=$(dpkg --print-foreign-architectures | grep -x arm64 || true)
  [ -n "$known" ] || dpkg --add-architecture arm64
  apt-get update -q
  apt-get install -q -y --no-install-recommends gcc-aarch64-linux-gnu g++-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
  shared=$(apt-cache depends libstd-rust-web-dev | awk '/Depends: libstd-rust-web/ { print $2 }')
  llvm=$(apt-cache depends "$shared" | awk '/Depends: libllvm/ { print $2 }')
  (cd "$target/arm64/packages" \
    && apt-get download rustc-web libstd-rust-web-dev libstd-rust-web-dev:arm64 "$shared" "$llvm")
  if [ -z "$known" ]; then
    dpkg --remove-architecture arm64
    apt-get update -q
  fi
  for package in "$target"/arm64/packages/*.deb; do dpkg -x "$package" "$root"; done
fi
# Cargo stays the usual one; only the compiler is another.
cat >"$target/arm64/rustc" <<END
#!/bin/sh
LD_LIBRARY_PATH="$root/usr/lib/x86_64-linux-gnu" exec "$root/usr/bin/rustc" "\$@"
END
chmod +x "$target/arm64/rustc"
export RUSTC=$target/arm64/rustc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CC_aarch64_unknown_linux_gnu=aarch64-linux-gnu-gcc CXX_aarch64_unknown_linux_gnu=aarch64-linux-gnu-g++
# Every kernel against its meaning: with all that there is, and on a processor without dot products.
for levels in max=neon,neondot cortex-a72=neon; do
  CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -cpu ${levels%=*} -L /usr/aarch64-linux-gnu" \
    COUNTENANCE_REQUIRE_ISA=${levels#*=} \
    cargo test --locked --package countenance-kernels --test grid --target "$triple" --target-dir "$target/arm64/build"
done
cargo build --release --locked --package countenance-cli --target "$triple" --target-dir "$target/arm64/build"
program=$target/arm64/build/$triple/release/countenance
qemu-aarch64 -L /usr/aarch64-linux-gnu "$program" doctor
