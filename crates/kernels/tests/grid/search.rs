//! The kernels of a search: integers, so every level gives the meaning's bits exactly.

use super::{Values, levels};
use countenance_kernels::{
    BLOCK_TEMPLATES, CodeProbe, CodeScan, MAX_CODE, RowDots, RowProduct, block_bytes, put_codes,
};

impl Values {
    fn below(&mut self, bound: u32) -> u32 {
        (((self.next() + 1.0) / 2.0 * bound as f32) as u32).min(bound - 1)
    }
}

/// Codes and residuals of `count` templates, and the blocks they make.
struct Coded {
    dims: usize,
    codes: Vec<Vec<u8>>,
    residuals: Vec<u8>,
    blocks: Vec<u8>,
}

impl Coded {
    fn new(dims: usize, blocks: usize, mut code: impl FnMut(usize, usize) -> (u8, u8)) -> Self {
        let mut made = Self {
            dims,
            codes: Vec::new(),
            residuals: Vec::new(),
            blocks: vec![0; block_bytes(dims) * blocks],
        };
        let size = block_bytes(dims);
        for template in 0..blocks * BLOCK_TEMPLATES {
            let codes: Vec<u8> = (0..dims).map(|i| code(template, i).0).collect();
            let residual = code(template, 0).1;
            let block = &mut made.blocks[template / BLOCK_TEMPLATES * size..][..size];
            put_codes(block, template % BLOCK_TEMPLATES, &codes, residual);
            made.codes.push(codes);
            made.residuals.push(residual);
        }
        made
    }

    /// The bound of a template, from the definition.
    fn bound(&self, template: usize, weights: &[i8], residual_weight: i32) -> i32 {
        let pairs = self.codes[template].iter().zip(weights);
        let sum: i32 = pairs.map(|(c, w)| i32::from(*c) * i32::from(*w)).sum();
        16 * sum + residual_weight * i32::from(self.residuals[template])
    }

    /// Runs a level and compares every bit with the definition.
    fn check(&self, scan: CodeScan, asked: &[(Vec<i8>, i32, i32)]) {
        let probes: Vec<CodeProbe> = asked
            .iter()
            .map(|(weights, residual, floor)| {
                CodeProbe::new(weights.clone(), *residual, *floor).expect("the weights fit")
            })
            .collect();
        let count = self.codes.len() / BLOCK_TEMPLATES;
        let mut passed = vec![0xdead_beef; count * probes.len()];
        scan.run(self.dims, &self.blocks, &probes, &mut passed);
        for (place, (weights, residual, floor)) in asked.iter().enumerate() {
            for template in 0..self.codes.len() {
                let word = passed[place * count + template / BLOCK_TEMPLATES];
                let got = word >> (template % BLOCK_TEMPLATES) & 1 == 1;
                let bound = self.bound(template, weights, *residual);
                assert_eq!(
                    got,
                    bound >= *floor,
                    "{} dims {} probe {place} template {template}: {bound} against {floor}",
                    scan.kernel_name(),
                    self.dims
                );
            }
        }
    }
}

/// Weights whose sums of 16 bits stay within bounds.
fn weights(dims: usize, values: &mut Values) -> Vec<i8> {
    let most = (9000 / dims as i32).clamp(1, 127) as f32;
    (0..dims).map(|_| (values.next() * most) as i8).collect()
}

#[test]
fn codes_pass_exactly_where_the_definition_says_on_every_level() {
    let mut values = Values(0x5851_f42d_4c95_7f2d);
    for dims in [32, 64, 96, 128, 192, 512] {
        for blocks in [1, 2, 3] {
            let coded = Coded::new(dims, blocks, |_, _| {
                (values.below(8) as u8, values.below(256) as u8)
            });
            for probes in 1..=6 {
                let asked: Vec<_> = (0..probes)
                    .map(|place| {
                        let weights = weights(dims, &mut values);
                        let residual = values.below(700) as i32;
                        // A floor that some template meets exactly: equal passes.
                        let floor = coded.bound(place * 5 % 32, &weights, residual);
                        (weights, residual, floor + (place % 2) as i32)
                    })
                    .collect();
                for isa in levels() {
                    coded.check(CodeScan::new(isa).expect("available"), &asked);
                }
            }
        }
    }
}

#[test]
fn the_largest_codes_and_weights_do_not_run_over() {
    for dims in [32, 128, 4096] {
        // The largest even weight that the sums of 16 bits allow.
        let most = (32767 / 7 / (dims as i32 / 2)).min(127) as i8;
        for sign in [1, -1] {
            let coded = Coded::new(dims, 1, |template, _| {
                (if template % 2 == 0 { MAX_CODE } else { 0 }, 255)
            });
            let all = vec![most * sign; dims];
            let floor = coded.bound(0, &all, 32767);
            for isa in levels() {
                let scan = CodeScan::new(isa).expect("available");
                coded.check(scan, &[(all.clone(), 32767, floor)]);
                coded.check(scan, &[(all.clone(), 32767, floor + 1)]);
                coded.check(
                    scan,
                    &[(all.clone(), 0, i32::MIN), (all.clone(), 0, i32::MAX)],
                );
            }
        }
    }
}

#[test]
fn every_value_of_every_lane_is_where_the_scan_looks_for_it() {
    let dims = 64;
    for value in 0..dims {
        let coded = Coded::new(dims, 1, |template, i| {
            (if i == value { (template % 8) as u8 } else { 0 }, 0)
        });
        let mut one = vec![0i8; dims];
        one[value] = 1;
        for isa in levels() {
            let scan = CodeScan::new(isa).expect("available");
            coded.check(scan, &[(one.clone(), 0, 16 * 4), (one.clone(), 0, 16 * 7)]);
        }
    }
}

#[test]
fn weights_whose_sums_could_run_over_are_refused() {
    let fits = |weights: Vec<i8>| CodeProbe::new(weights, 0, 0).is_some();
    assert!(fits(vec![73; 128]));
    assert!(!fits(vec![74; 128]));
    assert!(!fits(vec![1; 33]));
    assert!(!fits(Vec::new()));
    assert!(!fits(vec![-128; 32]));
    assert!(CodeProbe::new(vec![1; 32], 1 << 15, 0).is_none());
    assert!(CodeProbe::new(vec![1; 32], -1, 0).is_none());
}

#[test]
fn rows_have_the_product_and_square_of_the_definition_on_every_level() {
    let mut values = Values(0x2545_f491_4f6c_dd1d);
    for dims in [32, 64, 96, 128, 192, 512] {
        let count = 37;
        let mut rows: Vec<i8> = (0..dims * count)
            .map(|_| (values.next() * 127.0) as i8)
            .collect();
        rows[..dims].fill(127);
        rows[dims..2 * dims].fill(-127);
        let most = ((1 << 24) / dims as i32).min(32767);
        for probe in [
            vec![most as i16; dims],
            (0..dims)
                .map(|_| (values.next() * most as f32) as i16)
                .collect(),
        ] {
            // The last row ends at the guard page; places repeat and go back.
            let places = [36, 0, 1, 36, 5, 4, 3, 35, 17, 0, 9, 9, 30, 22, 36];
            for isa in levels() {
                let dots = RowDots::new(isa).expect("available");
                for length in 0..places.len() {
                    let mut out = vec![RowProduct::default(); length];
                    dots.run(&rows, &probe, &places[..length], &mut out);
                    for (place, got) in places.iter().zip(&out) {
                        let row = &rows[*place as usize * dims..][..dims];
                        let sum = |with: &dyn Fn(usize) -> i32| -> i32 {
                            (0..dims).map(|i| i32::from(row[i]) * with(i)).sum()
                        };
                        let wanted = RowProduct {
                            product: sum(&|i| i32::from(probe[i])),
                            square: sum(&|i| i32::from(row[i])),
                        };
                        assert_eq!(*got, wanted, "{} dims {dims}", dots.kernel_name());
                    }
                }
            }
        }
    }
}
