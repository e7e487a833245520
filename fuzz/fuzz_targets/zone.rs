//! A machine-readable zone of any lines: read or refused, never a panic, and what was read says the same again. The same bytes as a
//! picture: lines are found in it or not.
#![no_main]

use countenance_document::{
    CheckOutcome, Day, LineNet, Mrz, Plane, RunError, Size, Steps, ZoneReader,
};
use libfuzzer_sys::fuzz_target;

/// Says of every place what the first bytes of the input say.
struct Echo(Vec<u8>);

impl LineNet for Echo {
    fn read_line(&mut self, _: &[u8], size: Size) -> Result<Steps, RunError> {
        let steps = size.width / 8;
        let values = self.0.iter().cycle().take(steps * 6625);
        Steps::new(6625, values.map(|byte| f32::from(*byte) / 255.0).collect())
    }
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let lines: Vec<&str> = text.lines().take(4).collect();
        if let Ok(mrz) = Mrz::parse(&lines) {
            assert!(mrz.lines().eq(lines.iter().copied()));
            let today = Day::of_unix(1_795_651_200);
            let born = mrz.birth().and_then(|birth| birth.as_birth(today));
            assert!(born.is_none_or(|born| born <= today));
            let _ = (mrz.is_expired(today), mrz.names(), mrz.number());
            assert_ne!(mrz.checks().together(), CheckOutcome::Absent);
        }
    }
    if let [width, rest @ ..] = bytes
        && *width > 0
        && !rest.is_empty()
    {
        // Each bit is a block of pixels, so that few bytes make letters.
        let (columns, block) = (usize::from(*width), 6);
        let rows = (rest.len() * 8).div_ceil(columns).min(160);
        let pixel = |x: usize, y: usize| {
            let at = y / block * columns + x / block;
            let bit = rest
                .get(at / 8)
                .is_some_and(|byte| byte >> (at % 8) & 1 == 1);
            if bit { 20_u8 } else { 220 }
        };
        let (wide, high) = (columns * block, rows * block);
        let rgb: Vec<u8> = (0..wide * high)
            .flat_map(|at| [pixel(at % wide, at / wide); 3])
            .collect();
        let plane = Plane::from_rgb(wide, high, &rgb).expect("the sides fit the bytes");
        let _ = ZoneReader::new(Box::new(Echo(bytes.to_vec()))).read(&plane);
    }
});
