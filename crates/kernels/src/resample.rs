//! Steps that join and resize activations: 2x2 maximum, nearest doubling with a sum, and the sum
//! of two maps.

use crate::buffer::Buffer;
use crate::isa::Isa;
use crate::lanes::{Lanes, Stored};
use crate::plane::{Element, LANES, Plane, PlaneShape};
use crate::scalar::ScalarLanes;
use crate::separable::{StepError, base, base_mut};

/// One plane into another of half or double its size.
struct ResampleJob {
    input: *const u8,
    shape: PlaneShape,
    /// The plane that is added, of the output's shape and layout; null for pooling.
    addend: *const u8,
    addend_shape: PlaneShape,
    /// PReLU slopes behind a sum, a vector for each block; null for the others.
    slopes: *const f32,
    out: *mut u8,
    out_shape: PlaneShape,
}

/// # Safety
/// The job's pointers are to planes of the job's shapes, whose sizes fit.
#[inline(always)]
unsafe fn max_pool<V: Lanes, E: Stored>(job: &ResampleJob) {
    let (from, to) = (&job.shape, &job.out_shape);
    for block in 0..to.blocks() {
        for y in 0..to.height {
            for x in 0..to.width {
                // SAFETY: (2y + 1, 2x + 1) lies inside the input.
                unsafe {
                    let at = job
                        .input
                        .cast::<E>()
                        .add(block * from.block_stride() + from.pixel(2 * y, 2 * x));
                    let below = at.add(from.row_stride());
                    let upper = E::load::<V>(at).max(E::load::<V>(at.add(LANES)));
                    let lower = E::load::<V>(below).max(E::load::<V>(below.add(LANES)));
                    let out = job
                        .out
                        .cast::<E>()
                        .add(block * to.block_stride() + to.pixel(y, x));
                    E::store(upper.max(lower), out);
                }
            }
        }
    }
}

/// # Safety
/// As for [`max_pool`].
#[inline(always)]
unsafe fn double_and_add<V: Lanes, E: Stored>(job: &ResampleJob) {
    let (from, with, to) = (&job.shape, &job.addend_shape, &job.out_shape);
    for block in 0..to.blocks() {
        for y in 0..to.height {
            for x in 0..to.width {
                // SAFETY: (y / 2, x / 2) lies inside the input, (y, x) inside the others.
                unsafe {
                    let small = E::load::<V>(
                        job.input
                            .cast::<E>()
                            .add(block * from.block_stride() + from.pixel(y / 2, x / 2)),
                    );
                    let large = E::load::<V>(
                        job.addend
                            .cast::<E>()
                            .add(block * with.block_stride() + with.pixel(y, x)),
                    );
                    let out = job
                        .out
                        .cast::<E>()
                        .add(block * to.block_stride() + to.pixel(y, x));
                    E::store(small.add(large), out);
                }
            }
        }
    }
}

/// `out = prelu(addend + input)`, where the input may have fewer blocks of channels: what it lacks
/// is zero.
///
/// # Safety
/// As for [`max_pool`]; there is a vector of slopes for each block of the output.
#[inline(always)]
unsafe fn sum<V: Lanes, E: Stored>(job: &ResampleJob) {
    let (from, with, to) = (&job.shape, &job.addend_shape, &job.out_shape);
    for block in 0..to.blocks() {
        // SAFETY: all pixels of a row lie one behind the other in all three planes, and the input
        // is read only in blocks that it has.
        unsafe {
            let slope = V::load(job.slopes.add(block * LANES));
            let addend = job.addend.cast::<E>().add(block * with.block_stride());
            let out = job.out.cast::<E>().add(block * to.block_stride());
            for y in 0..to.height {
                let (addend, out) = (addend.add(with.pixel(y, 0)), out.add(to.pixel(y, 0)));
                if block < from.blocks() {
                    let input = job.input.cast::<E>();
                    let input = input.add(block * from.block_stride() + from.pixel(y, 0));
                    for x in (0..to.width * LANES).step_by(LANES) {
                        let both = E::load::<V>(addend.add(x)).add(E::load::<V>(input.add(x)));
                        E::store(both.prelu(slope), out.add(x));
                    }
                } else {
                    for x in (0..to.width * LANES).step_by(LANES) {
                        E::store(E::load::<V>(addend.add(x)).prelu(slope), out.add(x));
                    }
                }
            }
        }
    }
}

type ResampleFn = unsafe fn(&ResampleJob);

macro_rules! select {
    ($isa:expr, $element:expr, $body:ident) => {{
        macro_rules! stamped {
            ($features:literal, $lanes:ty, $e:ty) => {{
                #[cfg_attr(target_arch = "x86_64", target_feature(enable = $features))]
                unsafe fn stamped(job: &ResampleJob) {
                    // SAFETY: passed on; the level was checked below.
                    unsafe { $body::<$lanes, $e>(job) }
                }
                Some(stamped as ResampleFn)
            }};
        }
        let kernel: Option<ResampleFn> = match ($isa, $element) {
            #[cfg(target_arch = "x86_64")]
            (Isa::Avx2, Element::F32) => stamped!("avx2,fma", crate::x86_64::Avx2Lanes, f32),
            #[cfg(target_arch = "x86_64")]
            (Isa::Avx2, Element::Bf16) => stamped!("avx2,fma", crate::x86_64::Avx2Lanes, u16),
            #[cfg(target_arch = "x86_64")]
            (Isa::Avx512 | Isa::Avx512Vnni | Isa::Avx512Bf16, Element::F32) => {
                stamped!("avx512f,avx512bw,avx512vl", crate::x86_64::Avx512Lanes, f32)
            }
            #[cfg(target_arch = "x86_64")]
            (Isa::Avx512 | Isa::Avx512Vnni, Element::Bf16) => {
                stamped!("avx512f,avx512bw,avx512vl", crate::x86_64::Avx512Lanes, u16)
            }
            #[cfg(target_arch = "x86_64")]
            (Isa::Avx512Bf16, Element::Bf16) => stamped!(
                "avx512f,avx512bw,avx512vl,avx512bf16",
                crate::x86_64::Avx512Bf16Lanes,
                u16
            ),
            #[cfg(target_arch = "x86_64")]
            (Isa::Scalar, Element::F32) => stamped!("sse2", ScalarLanes, f32),
            #[cfg(target_arch = "x86_64")]
            (Isa::Scalar, Element::Bf16) => stamped!("sse2", ScalarLanes, u16),
            #[cfg(target_arch = "x86_64")]
            (Isa::Neon | Isa::NeonDot, _) => None,
            #[cfg(target_arch = "aarch64")]
            (Isa::Neon | Isa::NeonDot, Element::F32) => {
                stamped!("", crate::aarch64::NeonLanes, f32)
            }
            #[cfg(target_arch = "aarch64")]
            (Isa::Neon | Isa::NeonDot, Element::Bf16) => {
                stamped!("", crate::aarch64::NeonLanes, u16)
            }
            #[cfg(not(target_arch = "x86_64"))]
            (_, Element::F32) => stamped!("", ScalarLanes, f32),
            #[cfg(not(target_arch = "x86_64"))]
            (_, Element::Bf16) => stamped!("", ScalarLanes, u16),
        };
        kernel.filter(|_| $isa.is_available())
    }};
}

/// 2x2 maximum with stride 2; odd last rows and columns are dropped.
#[derive(Debug)]
pub struct MaxPool {
    kernel: ResampleFn,
    element: Element,
    input: PlaneShape,
    output: PlaneShape,
}

impl MaxPool {
    /// Plans the step.
    ///
    /// # Errors
    /// [`StepError`] when shapes do not fit or no kernel exists.
    pub fn plan(
        isa: Isa,
        element: Element,
        input: PlaneShape,
        output: PlaneShape,
    ) -> Result<Self, StepError> {
        let fits = input.channels == output.channels
            && (input.height / 2, input.width / 2) == (output.height, output.width);
        if !fits {
            return Err(StepError::ShapeMismatch);
        }
        let kernel = select!(isa, element, max_pool).ok_or(StepError::NoKernel)?;
        Ok(Self {
            kernel,
            element,
            input,
            output,
        })
    }

    /// Runs the step.
    ///
    /// # Panics
    /// When planes are not those of the plan.
    pub fn run(&self, input: &Plane, output: &mut Plane) {
        assert!(input.shape() == self.input && output.shape() == self.output);
        assert!(input.element() == self.element && output.element() == self.element);
        // SAFETY: the planes have the planned shapes and element.
        unsafe {
            (self.kernel)(&ResampleJob {
                input: base(input),
                shape: self.input,
                addend: std::ptr::null(),
                addend_shape: self.input,
                slopes: std::ptr::null(),
                out: base_mut(output),
                out_shape: self.output,
            });
        }
    }
}

/// Every pixel doubled in both directions, plus a plane of that size.
#[derive(Debug)]
pub struct DoubleAndAdd {
    kernel: ResampleFn,
    element: Element,
    small: PlaneShape,
    large: PlaneShape,
    output: PlaneShape,
}

impl DoubleAndAdd {
    /// Plans the step.
    ///
    /// # Errors
    /// [`StepError`] when shapes do not fit or no kernel exists.
    pub fn plan(
        isa: Isa,
        element: Element,
        small: PlaneShape,
        large: PlaneShape,
        output: PlaneShape,
    ) -> Result<Self, StepError> {
        let size = (large.height, large.width);
        let fits = small.channels == output.channels
            && large.channels == output.channels
            && (small.height * 2, small.width * 2) == size
            && (output.height, output.width) == size;
        if !fits {
            return Err(StepError::ShapeMismatch);
        }
        let kernel = select!(isa, element, double_and_add).ok_or(StepError::NoKernel)?;
        Ok(Self {
            kernel,
            element,
            small,
            large,
            output,
        })
    }

    /// Runs the step.
    ///
    /// # Panics
    /// When planes are not those of the plan.
    pub fn run(&self, small: &Plane, large: &Plane, output: &mut Plane) {
        assert!(small.shape() == self.small && large.shape() == self.large);
        assert!(output.shape() == self.output && output.element() == self.element);
        assert!(small.element() == self.element && large.element() == self.element);
        // SAFETY: the planes have the planned shapes and element.
        unsafe {
            (self.kernel)(&ResampleJob {
                input: base(small),
                shape: self.small,
                addend: base(large),
                addend_shape: self.large,
                slopes: std::ptr::null(),
                out: base_mut(output),
                out_shape: self.output,
            });
        }
    }
}

/// The sum of two maps with PReLU behind it: the way around a block of layers, and what the block
/// made.
///
/// *Computes*: `prelu(full[c] + part[c])`, where `part` may have fewer channels: those it lacks are
/// zero, as where a network pads channels before it adds.
#[derive(Debug)]
pub struct Sum {
    kernel: ResampleFn,
    element: Element,
    part: PlaneShape,
    full: PlaneShape,
    output: PlaneShape,
    slopes: Buffer<f32>,
}

impl Sum {
    /// Plans the step; `slope` has a value per channel of the output.
    ///
    /// # Errors
    /// [`StepError`] when shapes do not fit or no kernel exists.
    pub fn plan(
        isa: Isa,
        element: Element,
        part: PlaneShape,
        full: PlaneShape,
        output: PlaneShape,
        slope: &[f32],
    ) -> Result<Self, StepError> {
        let size = (output.height, output.width);
        let fits = full.channels == output.channels
            && part.channels <= output.channels
            && slope.len() == output.channels
            && (part.height, part.width) == size
            && (full.height, full.width) == size;
        if !fits {
            return Err(StepError::ShapeMismatch);
        }
        let kernel = select!(isa, element, sum).ok_or(StepError::NoKernel)?;
        let mut slopes = Buffer::zeroed(output.blocks() * LANES);
        slopes[..slope.len()].copy_from_slice(slope);
        Ok(Self {
            kernel,
            element,
            part,
            full,
            output,
            slopes,
        })
    }

    /// Runs the step.
    ///
    /// # Panics
    /// When planes are not those of the plan.
    pub fn run(&self, part: &Plane, full: &Plane, output: &mut Plane) {
        assert!(part.shape() == self.part && full.shape() == self.full);
        assert!(output.shape() == self.output && output.element() == self.element);
        assert!(part.element() == self.element && full.element() == self.element);
        // SAFETY: the planes have the planned shapes and element; the slopes were laid out for
        // the output's blocks.
        unsafe {
            (self.kernel)(&ResampleJob {
                input: base(part),
                shape: self.part,
                addend: base(full),
                addend_shape: self.full,
                slopes: self.slopes.as_ptr(),
                out: base_mut(output),
                out_shape: self.output,
            });
        }
    }
}
