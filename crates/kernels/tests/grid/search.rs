//! The kernels of a search: integers, so every level gives the meaning's bits exactly.

use super::{Values, levels};
use countenance_kernels::{
    BLOCK_TEMPLATES, CodeAngle, CodeProbe, CodeScan, MAX_CODE, Passed, RowFilter, block_bytes,
    put_codes,
};

impl Values {
    fn below(&mut self, bound: u32) -> u32 {
        (((self.next() + 1.0) / 2.0 * bound as f32) as u32).min(bound - 1)
    }
}

/// Codes and angles of `count` templates, and the blocks they make.
struct Coded {
    dims: usize,
    codes: Vec<Vec<u8>>,
    angles: Vec<CodeAngle>,
    blocks: Vec<u8>,
}

/// What a probe is made of.
type Asked = (Vec<i8>, i32, i32);

impl Coded {
    fn new(
        dims: usize,
        blocks: usize,
        mut code: impl FnMut(usize, usize) -> (u8, CodeAngle),
    ) -> Self {
        let mut made = Self {
            dims,
            codes: Vec::new(),
            angles: Vec::new(),
            blocks: vec![0; block_bytes(dims) * blocks],
        };
        let size = block_bytes(dims);
        for template in 0..blocks * BLOCK_TEMPLATES {
            let codes: Vec<u8> = (0..dims).map(|i| code(template, i).0).collect();
            let angle = code(template, 0).1;
            let block = &mut made.blocks[template / BLOCK_TEMPLATES * size..][..size];
            put_codes(block, template % BLOCK_TEMPLATES, &codes, angle);
            made.codes.push(codes);
            made.angles.push(angle);
        }
        made
    }

    /// 256 times the product of a template's codes with the weights.
    fn product(&self, template: usize, weights: &[i8]) -> i64 {
        let pairs = self.codes[template].iter().zip(weights);
        pairs
            .map(|(c, w)| (256 * i64::from(*c) - 896) * i64::from(*w))
            .sum()
    }

    /// Whether a template passes, from the definition.
    fn passes(&self, template: usize, (weights, cosine, sine): &Asked) -> bool {
        let angle = self.angles[template];
        let least = (cosine - sine * i32::from(angle.tangent)).div_euclid(256);
        let floor = i64::from(angle.length) * i64::from(least);
        least < 0 || self.product(template, weights) >= floor
    }

    /// Runs a level and compares who passes with the definition; says how many did.
    fn check(&self, scan: CodeScan, asked: &[Asked]) -> u32 {
        let probes: Vec<CodeProbe> = asked
            .iter()
            .map(|(weights, cosine, sine)| {
                CodeProbe::new(weights.clone(), *cosine, *sine).expect("the weights fit")
            })
            .collect();
        let mut passed = vec![Passed::default(); probes.len()];
        // The second time there are lists of before.
        for _ in 0..2 {
            scan.run(self.dims, &self.blocks, &probes, &mut passed);
            for ((place, one), passed) in asked.iter().enumerate().zip(&passed) {
                let wanted: Vec<u32> = (0..self.codes.len())
                    .filter(|template| self.passes(*template, one))
                    .map(|template| template as u32)
                    .collect();
                let name = scan.kernel_name();
                assert_eq!(**passed, wanted, "{name} dims {} probe {place}", self.dims);
            }
        }
        passed.iter().map(|list| list.len() as u32).sum()
    }
}

fn angle(length: u8, tangent: u8) -> CodeAngle {
    CodeAngle { length, tangent }
}

/// Weights whose sums of 16 bits stay within bounds.
fn weights(dims: usize, values: &mut Values) -> Vec<i8> {
    let most = (9000 / dims as i32).clamp(1, 127) as f32;
    (0..dims).map(|_| (values.next() * most) as i8).collect()
}

#[test]
fn codes_pass_exactly_where_the_definition_says_on_every_level() {
    let mut values = Values(0x5851_f42d_4c95_7f2d);
    let (mut passed, mut all) = (0, 0);
    for dims in [32, 64, 96, 128, 192, 512] {
        for blocks in [1, 2, 3] {
            let coded = Coded::new(dims, blocks, |_, _| {
                let angle = angle(values.below(256) as u8, values.below(256) as u8);
                (values.below(8) as u8, angle)
            });
            for probes in 1..=6 {
                let asked: Vec<Asked> = (0..probes)
                    .map(|place| {
                        let weights = weights(dims, &mut values);
                        // A floor that some template meets exactly, or just not: equal passes.
                        let template = place * 5 % 32;
                        let length = i64::from(coded.angles[template].length).max(1);
                        let least = (coded.product(template, &weights) / length).max(0);
                        let sine = values.below(20) as i32;
                        let tangent = i32::from(coded.angles[template].tangent);
                        let cosine = 256 * (least as i32 + (place % 2) as i32) + sine * tangent;
                        (weights, cosine.min((1 << 23) - 1), sine)
                    })
                    .collect();
                for isa in levels() {
                    passed += coded.check(CodeScan::new(isa).expect("available"), &asked);
                    all += (coded.codes.len() * probes) as u32;
                }
            }
        }
    }
    assert!(
        passed > all / 10 && passed < all / 10 * 9,
        "{passed} of {all}"
    );
}

#[test]
fn a_floor_is_met_by_who_reaches_it_and_by_nobody_below() {
    // Products of 128, 384 and so on up to 896, times the number of weights; lengths of 1, so that the floor is the cosine's.
    let coded = Coded::new(32, 1, |template, _| ((template % 8) as u8, angle(1, 0)));
    let floor = 256 * 384 * 32;
    for isa in levels() {
        let scan = CodeScan::new(isa).expect("available");
        for (floor, passing) in [(floor, 3), (floor + 256, 2), (floor - 256, 3)] {
            assert_eq!(coded.check(scan, &[(vec![1; 32], floor, 0)]), passing * 4);
        }
    }
}

#[test]
fn the_largest_codes_weights_and_angles_do_not_run_over() {
    for dims in [32, 128, 4096] {
        // The largest even weight that the sums of 16 bits allow.
        let most = (32767 / 7 / (dims as i32 / 2)).min(127) as i8;
        for sign in [1, -1] {
            for (length, tangent) in [(255, 255), (255, 0), (0, 255), (0, 0)] {
                let coded = Coded::new(dims, 1, |template, _| {
                    let code = if template % 2 == 0 { MAX_CODE } else { 0 };
                    (code, angle(length, tangent))
                });
                let all = vec![most * sign; dims];
                for isa in levels() {
                    let scan = CodeScan::new(isa).expect("available");
                    for (cosine, sine) in [
                        (0, 0),
                        ((1 << 23) - 1, 0),
                        ((1 << 23) - 1, (1 << 15) - 1),
                        (0, (1 << 15) - 1),
                    ] {
                        coded.check(scan, &[(all.clone(), cosine, sine)]);
                    }
                }
            }
        }
    }
}

#[test]
fn every_value_of_every_lane_is_where_the_scan_looks_for_it() {
    let dims = 64;
    for value in 0..dims {
        let coded = Coded::new(dims, 1, |template, i| {
            let code = if i == value { template % 8 } else { 0 };
            (code as u8, angle(1, template as u8))
        });
        let mut one = vec![0i8; dims];
        one[value] = 1;
        for isa in levels() {
            let scan = CodeScan::new(isa).expect("available");
            coded.check(
                scan,
                &[(one.clone(), 256 * 128, 0), (one.clone(), 256 * 896, 9000)],
            );
        }
    }
}

#[test]
fn a_probe_for_everything_passes_everything() {
    let coded = Coded::new(96, 2, |template, i| {
        (
            (template + i) as u8 % 8,
            angle(template as u8 * 4, 255 - template as u8),
        )
    });
    for isa in levels() {
        let mut passed = [Passed::default()];
        let scan = CodeScan::new(isa).expect("available");
        scan.run(96, &coded.blocks, &[CodeProbe::everything(96)], &mut passed);
        assert_eq!(*passed[0], (0..64).collect::<Vec<u32>>());
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
    for (cosine, sine) in [(1 << 23, 0), (-1, 0), (0, 1 << 15), (0, -1)] {
        assert!(CodeProbe::new(vec![1; 32], cosine, sine).is_none());
    }
}

/// Whether a row reaches a floor, from the definition: the sums are exact in i64, and five roundings to f32 follow.
fn reaches(row: &[i8], probe: &[i16], floor: f32) -> bool {
    let product: i64 = row
        .iter()
        .zip(probe)
        .map(|(v, p)| i64::from(*v) * i64::from(*p))
        .sum();
    let square: i64 = row.iter().map(|v| i64::from(*v) * i64::from(*v)).sum();
    let product = product as f32;
    product * product.abs() >= floor * square as f32
}

#[test]
fn the_rows_that_reach_a_floor_are_those_of_the_definition_on_every_level() {
    let mut values = Values(0x2545_f491_4f6c_dd1d);
    for dims in [32, 64, 96, 128, 192, 512] {
        let count = 37;
        let mut rows: Vec<i8> = (0..dims * count)
            .map(|_| (values.next() * 127.0) as i8)
            .collect();
        rows[..dims].fill(127);
        rows[dims..2 * dims].fill(-127);
        rows[2 * dims..3 * dims].fill(0);
        let most = ((1 << 24) / dims as i32).min(32767);
        for probe in [
            vec![most as i16; dims],
            (0..dims)
                .map(|_| (values.next() * most as f32) as i16)
                .collect(),
        ] {
            let row = |place: u32| &rows[place as usize * dims..][..dims];
            // The last row ends at the guard page; places repeat and go back.
            let places = [36, 0, 1, 36, 5, 4, 3, 35, 2, 0, 9, 9, 30, 22, 36];
            // The floors that rows just reach, those just above, and those that all and none do.
            let mut floors = vec![0.0, -f32::MAX, f32::MAX, -0.0];
            for place in places {
                let product: i32 = row(place)
                    .iter()
                    .zip(&probe)
                    .map(|(v, p)| i32::from(*v) * i32::from(*p))
                    .sum();
                let square: i32 = row(place).iter().map(|v| i32::from(*v).pow(2)).sum();
                let own = product as f32 * product.abs() as f32 / square.max(1) as f32;
                floors.extend([own, own.next_up(), own.next_down(), own * 1.0001]);
            }
            for isa in levels() {
                let filter = RowFilter::new(isa).expect("available");
                let mut reached = Passed::default();
                for (number, floor) in floors.iter().enumerate() {
                    let length = number % (places.len() + 1);
                    let places = &places[..length];
                    filter.run(&rows, &probe, *floor, places, &mut reached);
                    let wanted: Vec<u32> = places
                        .iter()
                        .copied()
                        .filter(|place| reaches(row(*place), &probe, *floor))
                        .collect();
                    assert_eq!(
                        *reached,
                        wanted,
                        "{} dims {dims} {floor}",
                        filter.kernel_name()
                    );
                }
            }
        }
    }
}
