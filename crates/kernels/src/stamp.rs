//! Stamps a generic kernel body once per instruction set.

/// `stamp! { body(Args); (isa, a, b); Scalar, "", Lanes: (A D E B) ...; "architecture" Level,
/// "features", Lanes: (A D E B) ...; ... }`
///
/// makes, for each level and each row, a `#[target_feature]` function that calls
/// `body::<Lanes, D, E>`, and matches `(isa, a, b)` against `(Isa::Level, Arithmetic::A,
/// Element::B)`; whoever chooses checks first that the machine has the level.
macro_rules! stamp {
    (
        $body:ident($args:ty); ($isa:expr, $arithmetic:expr, $element:expr);
        Scalar, "", $scalar:ty: $(($sa:ident $sd:ident $se:ident $sb:ident))+;
        $($arch:tt $level:ident, $features:literal, $lanes:ty: $(($a:ident $d:ident $e:ident $b:ident))+;)*
    ) => {{
        $(if ($isa, $arithmetic, $element) == (Isa::Scalar, Arithmetic::$sa, Element::$sb) {
            unsafe fn stamped(job: &$args) {
                // SAFETY: passed on.
                unsafe { $body::<$scalar, $sd, $se>(job) }
            }
            return Some(stamped);
        })+
        $($(
            #[cfg(target_arch = $arch)]
            if ($isa, $arithmetic, $element) == (Isa::$level, Arithmetic::$a, Element::$b) {
                #[target_feature(enable = $features)]
                unsafe fn stamped(job: &$args) {
                    // SAFETY: passed on; the level was checked when the kernel was chosen.
                    unsafe { $body::<$lanes, $d, $e>(job) }
                }
                return Some(stamped);
            }
        )+)*
        None
    }};
}

pub(crate) use stamp;

/// [`stamp!`] for bodies that leave f32: all levels, each with the arithmetics that have a body of their own there, and the choice among
/// them; nothing where the machine does not have the level.
macro_rules! stamp_f32 {
    ($body:ident($args:ty); ($isa:expr, $arithmetic:expr)) => {{
        #[cfg(target_arch = "aarch64")]
        use crate::aarch64::Pairs;
        #[cfg(target_arch = "x86_64")]
        use crate::lanes::Bf16;
        use crate::lanes::{F32, I16, U8};

        if !$isa.is_available() {
            return None;
        }
        let isa = match ($isa, $arithmetic) {
            (Isa::Avx512Vnni | Isa::Avx512Bf16, Arithmetic::F32) => Isa::Avx512,
            (Isa::NeonDot, Arithmetic::F32) => Isa::Neon,
            (Isa::Avx512Bf16, Arithmetic::Int8) => Isa::Avx512Vnni,
            (isa, _) => isa,
        };
        let element = Element::F32;
        crate::stamp::stamp! {
            $body($args);
            (isa, $arithmetic, element);
            Scalar, "", crate::scalar::ScalarLanes: (F32 F32 f32 F32) (Int8 I16 f32 F32);
            "x86_64" Avx2, "avx2,fma", crate::x86_64::Avx2Lanes: (F32 F32 f32 F32) (Int8 I16 f32 F32);
            "x86_64" Avx512, "avx512f,avx512bw,avx512dq,avx512vl", crate::x86_64::Avx512Lanes:
                (F32 F32 f32 F32) (Int8 I16 f32 F32);
            "x86_64" Avx512Vnni, "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni", crate::x86_64::Avx512Lanes:
                (Int8 U8 f32 F32);
            "x86_64" Avx512Bf16, "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512bf16",
                crate::x86_64::Avx512Bf16Lanes: (Bf16 Bf16 f32 F32);
            "aarch64" Neon, "neon", crate::aarch64::NeonLanes: (F32 F32 f32 F32) (Int8 Pairs f32 F32);
            "aarch64" NeonDot, "neon,dotprod", crate::aarch64::NeonLanes: (Int8 U8 f32 F32);
        }
    }};
}

pub(crate) use stamp_f32;

/// Stamps `body::<lanes, A, B>` for a table of element pairs and matches the table.
macro_rules! level_of_lanes {
    (
        $features:literal, $lanes:ty, $body:ident, $job:ty, $kernel:ty; $key:expr;
        $($case:pat => $a:ident $b:ident);+
    ) => {
        match $key {
            $($case => {
                #[cfg_attr(target_arch = "x86_64", target_feature(enable = $features))]
                unsafe fn stamped(job: &$job) {
                    // SAFETY: passed on; the level was checked when the kernel was chosen.
                    unsafe { $body::<$lanes, $a, $b>(job) }
                }
                Some(stamped as $kernel)
            })+
            _ => None,
        }
    };
}

pub(crate) use level_of_lanes;
