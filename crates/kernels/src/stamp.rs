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
