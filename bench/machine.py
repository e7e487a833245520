"""Facts of the machine that a number is worth nothing without; none that name it."""

import os
import platform
import re
from pathlib import Path

FLAGS = (
    "avx2", "fma", "avx_vnni", "avx512f", "avx512bw", "avx512vl", "avx512_vnni", "avx512_bf16",
    "amx_tile", "amx_int8", "amx_bf16", "hypervisor", "asimd", "asimddp", "i8mm", "bf16",
)


def _cpuinfo():
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return {}
    lines = (line.partition(":") for line in text.split("\n\n")[0].splitlines())
    return {key.strip(): value.strip() for key, _, value in lines}


def facts():
    """Name to value, in the order of the record."""
    cpu = _cpuinfo()
    flags = set((cpu.get("flags") or cpu.get("Features") or "").split())
    model = cpu.get("model name") or cpu.get("CPU part") or platform.machine()
    return {
        "cpu": model,
        "cpu_family_model_stepping": "/".join(
            cpu.get(key, "?") for key in ("cpu family", "model", "stepping")
        ),
        "cores": str(os.cpu_count()),
        "flags": " ".join(flag for flag in FLAGS if flag in flags),
        "kernel": f"{platform.system()} {re.match(r'[0-9.]*', platform.release()).group().rstrip('.')}",
        "python": platform.python_version(),
    }


def load_average():
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


def is_busy(load):
    """Did this load average leave less than one core free? (The last minute counts.)"""
    return float(load.split()[0]) > max(1.0, os.cpu_count() - 1.0)


def folder_name(machine):
    """A folder for this kind of processor, such as `amd-epyc-25-17`."""
    family, model, _ = machine["cpu_family_model_stepping"].split("/")
    words = re.findall(r"[a-z0-9]+", f"{machine['cpu']} {family} {model}".lower())
    return "-".join(words)
