//! What the processor can do.

use countenance_core::Isa;
use serde::Serialize;
use std::env::consts::{ARCH, OS};
use std::fs;

/// The processor and the kernels chosen for it.
#[derive(Debug, Serialize)]
pub(super) struct MachineJson {
    /// The processor's own name, or its architecture.
    pub(super) processor: String,
    /// Of the features that any kernel uses, those that this processor has.
    pub(super) features: Vec<&'static str>,
    /// The chosen instruction set.
    pub(super) isa: &'static str,
    /// All that this machine can run, the lowest first.
    pub(super) isas: Vec<&'static str>,
}

/// Looks at the processor.
pub(super) fn look(chosen: Isa) -> MachineJson {
    MachineJson {
        processor: format!("{} ({ARCH}, {OS})", processor()),
        features: features(),
        isa: chosen.name(),
        isas: Isa::available().map(Isa::name).collect(),
    }
}

/// The name that Linux reports.
fn processor() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    name.map_or_else(
        || "processor".to_owned(),
        |(_, name)| name.trim().to_owned(),
    )
}

fn features() -> Vec<&'static str> {
    #[cfg(target_arch = "x86_64")]
    let features = [
        ("avx2", is_x86_feature_detected!("avx2")),
        ("fma", is_x86_feature_detected!("fma")),
        ("avxvnni", is_x86_feature_detected!("avxvnni")),
        ("avx512f", is_x86_feature_detected!("avx512f")),
        ("avx512bw", is_x86_feature_detected!("avx512bw")),
        ("avx512dq", is_x86_feature_detected!("avx512dq")),
        ("avx512vl", is_x86_feature_detected!("avx512vl")),
        ("avx512vnni", is_x86_feature_detected!("avx512vnni")),
        ("avx512bf16", is_x86_feature_detected!("avx512bf16")),
    ];
    #[cfg(target_arch = "aarch64")]
    let features = [
        ("neon", std::arch::is_aarch64_feature_detected!("neon")),
        (
            "dotprod",
            std::arch::is_aarch64_feature_detected!("dotprod"),
        ),
    ];
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let features: [(&str, bool); 0] = [];
    features
        .into_iter()
        .filter_map(|(name, present)| present.then_some(name))
        .collect()
}
