//! Recordings as `countenance evaluate-liveness` plays them: a folder for each thing that is done, and a manifest.

use crate::facets::Facets;
use crate::flat::{Flat, Medium};
use crate::head::{Pose, Shown, light};
use crate::image::{Color, Dice, Image};
use crate::people::Person;
use crate::species;
use crate::surface::Surface;
use anyhow::anyhow;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// How far a movement is, frame by frame at 15 a second: heads start slowly and end slowly.
const PATH: [f32; 7] = [0.1, 0.3, 0.55, 0.78, 0.93, 1.0, 1.0];
/// The colors that a challenge shows.
const COLORS: [[u8; 3]; 6] = [
    [255, 32, 32],
    [224, 224, 32],
    [32, 255, 32],
    [32, 224, 224],
    [32, 64, 255],
    [224, 32, 224],
];
/// Frames of a face at rest, and of one that is lit by one color.
const RESTING: usize = 8;
const LIT: usize = 3;
/// Noise of the sensor, in steps of a byte.
const NOISE: f32 = 1.5;

/// Which of the two makes heads move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renderer {
    /// [`Facets`]: to set thresholds by.
    Tuning,
    /// [`Surface`]: to report rates on.
    Judging,
}

/// What somebody does in the recordings of one folder.
struct Deeds {
    /// Yaw at rest, where it is not straight; then a turn goes to the other side of straight, whichever is asked for.
    held: f32,
    turn: f32,
    /// Degrees that a smile is tipped upwards by.
    tipped: f32,
    smile: f32,
    /// A smile that does not go away.
    throughout: f32,
    /// Share of the face's light that is the screen's.
    lit: f32,
    jitter: f32,
}

struct Recorder<'a> {
    folder: &'a Path,
    dice: Dice,
    deeds: Deeds,
}

impl Recorder<'_> {
    fn save(&mut self, clip: &str, number: usize, image: &Image) -> anyhow::Result<()> {
        let folder = self.folder.join(clip);
        fs::create_dir_all(&folder)?;
        let jpeg = image.taken(NOISE, &mut self.dice)?;
        fs::write(folder.join(format!("{number:02}.jpg")), jpeg)?;
        Ok(())
    }

    /// A pose, as nobody holds it exactly.
    fn about(&mut self, pose: Pose) -> Pose {
        let jitter = self.deeds.jitter;
        let mut off = |size: f32| self.dice.between(-size, size) * jitter;
        Pose {
            yaw: pose.yaw + off(1.2),
            pitch: pose.pitch + off(1.0),
            smile: pose.smile + off(0.05),
            right: pose.right + off(2.5),
            down: pose.down + off(2.0),
        }
    }

    /// Rest, movements and light of whatever is shown.
    fn all(&mut self, shown: &dyn Fn(&Pose) -> Image, gestures: &[&str]) -> anyhow::Result<()> {
        let calm = Pose {
            yaw: self.deeds.held,
            smile: self.deeds.throughout,
            ..Pose::default()
        };
        let mut resting = Vec::new();
        for number in 0..RESTING {
            let image = shown(&self.about(calm));
            self.save("neutral", number, &image)?;
            resting.push(image);
        }
        for gesture in gestures {
            for (number, part) in PATH.into_iter().enumerate() {
                let mut pose = calm;
                let held = self.deeds.held;
                match *gesture {
                    "smile" => {
                        pose.smile += part * self.deeds.smile;
                        pose.pitch = -part * self.deeds.tipped;
                    }
                    _ if held != 0.0 => {
                        pose.yaw = held - part * (held + self.deeds.turn.copysign(held));
                    }
                    "turn_left" => pose.yaw = part * self.deeds.turn,
                    _ => pose.yaw = -part * self.deeds.turn,
                }
                let image = shown(&self.about(pose));
                self.save(gesture, number, &image)?;
            }
        }
        for color in COLORS {
            let [red, green, blue] = color;
            let clip = format!("light_{red:02x}{green:02x}{blue:02x}");
            for (number, image) in resting.iter().cycle().skip(1).take(LIT).enumerate() {
                let mut image = image.clone();
                light(&mut image, color.map(f32::from) as Color, self.deeds.lit);
                self.save(&clip, number, &image)?;
            }
        }
        Ok(())
    }
}

/// Everything that heads do.
const GESTURES: [&str; 3] = ["turn_left", "turn_right", "smile"];

/// Writes recordings of people and of attacks with their photos into a folder, and `manifest.json` with so many sessions of each.
///
/// # Errors
/// When a file cannot be written.
pub fn record(
    people: &[Person],
    renderer: Renderer,
    rounds: usize,
    out: &Path,
) -> anyhow::Result<()> {
    fs::create_dir_all(out)?;
    // Tuning and judging draw nothing alike, not even how far somebody turns.
    let seed = match renderer {
        Renderer::Tuning => 1,
        Renderer::Judging => 1000,
    };
    let next = AtomicUsize::new(0);
    let work = || -> anyhow::Result<Vec<(usize, Vec<Value>)>> {
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= people.len() {
                return Ok(done);
            }
            done.push((number, record_one(people, number, renderer, seed, out)?));
        }
    };
    let done = thread::scope(|scope| {
        let threads: Vec<_> = (0..thread::available_parallelism().map_or(1, usize::from))
            .map(|_| scope.spawn(work))
            .collect();
        let joined = threads.into_iter().map(|thread| {
            let done = thread.join();
            done.unwrap_or_else(|_| Err(anyhow!("a renderer broke down")))
        });
        joined.collect::<anyhow::Result<Vec<_>>>()
    })?;
    let mut done: Vec<_> = done.into_iter().flatten().collect();
    done.sort_by_key(|(number, _)| *number);
    let sessions: Vec<Value> = done
        .into_iter()
        .flat_map(|(_, sessions)| (0..rounds).flat_map(move |_| sessions.clone()))
        .collect();
    let manifest = json!({"version": 1, "seed": seed, "sessions": sessions});
    fs::write(
        out.join("manifest.json"),
        serde_json::to_string_pretty(&manifest)?,
    )?;
    Ok(())
}

/// Writes what one person and the attacks with their photo do, and names the sessions that can be played of it.
fn record_one(
    people: &[Person],
    number: usize,
    renderer: Renderer,
    seed: u64,
    out: &Path,
) -> anyhow::Result<Vec<Value>> {
    let Some(person) = people.get(number) else {
        return Ok(Vec::new());
    };
    let mut dice = Dice::new(seed ^ (number as u64 + 1) << 8);
    let lit = dice.between(0.08, 0.16);
    let deeds = |dice: &mut Dice| Deeds {
        held: 0.0,
        tipped: 0.0,
        turn: dice.between(20.0, 28.0),
        smile: dice.between(1.3, 1.9),
        throughout: 0.0,
        lit,
        jitter: 1.0,
    };
    let head: Box<dyn Shown> = match renderer {
        Renderer::Tuning => {
            let deep = dice.between(0.85, 1.15);
            Box::new(Facets::new(person.portrait()?, deep))
        }
        Renderer::Judging => {
            let (wide, nose) = (dice.between(0.92, 1.08), dice.between(0.8, 1.2));
            Box::new(Surface::new(person.portrait()?, wide, nose))
        }
    };
    let mut at = |kind: &str, deeds: Deeds, shown: &dyn Fn(&Pose) -> Image, does: &[&str]| {
        let folder = out.join(species::recorded(kind, number));
        let dice = Dice::new(seed ^ dice.below(1 << 20) as u64);
        let mut recorder = Recorder {
            folder: &folder,
            dice,
            deeds,
        };
        recorder.all(shown, does)
    };
    let mut own = Dice::new(seed + number as u64);
    at(
        "people",
        deeds(&mut own),
        &|pose| head.frame(pose),
        &GESTURES,
    )?;
    let smiling = Deeds {
        throughout: 1.3,
        smile: 0.0,
        ..deeds(&mut own)
    };
    let others = ["turn_left", "turn_right"];
    at("smiling", smiling, &|pose| head.frame(pose), &others)?;
    let photo = person.portrait()?.frame;
    let mut tilt = |jitter: f32| Deeds {
        turn: own.between(28.0, 42.0),
        jitter,
        ..deeds(&mut own)
    };
    for (kind, medium, jitter) in [
        ("print", Medium::Print, 0.3),
        ("screen", Medium::Screen, 0.3),
    ] {
        let flat = Flat::new(photo.clone(), medium, 0.92, number as f32);
        at(kind, tilt(jitter), &|pose| flat.frame(pose), &[])?;
    }
    let print = Flat::new(photo, Medium::Print, 0.92, number as f32);
    at("tilted", tilt(1.0), &|pose| print.frame(pose), &others)?;
    // The photo bent in its plane to smile, on a screen that is tilted as asked.
    let bent = |pose: &Pose| {
        let smile = Pose {
            smile: pose.smile,
            ..Pose::default()
        };
        let flat = Flat::new(head.frame(&smile), Medium::Screen, 0.92, number as f32);
        flat.frame(pose)
    };
    at("bent", tilt(1.0), &bent, &GESTURES)?;
    // Recordings of the person that somebody plays on a screen as asked: beside its own light that of the page is nothing.
    let played = |pose: &Pose| {
        let flat = Flat::new(head.frame(pose), Medium::Screen, 0.92, number as f32);
        flat.frame(&Pose::default())
    };
    let unlit = Deeds {
        lit: 0.0,
        ..deeds(&mut own)
    };
    at("played", unlit, &played, &GESTURES)?;
    // Turned away at first and swung to the other side, near the camera: a face mesh sees more of a turn in that.
    let swung = |own: &mut Dice, tipped: f32| {
        let side = if own.below(2) == 0 { 1.0 } else { -1.0 };
        Deeds {
            held: side * own.between(15.0, 38.0),
            turn: own.between(25.0, 45.0),
            tipped,
            ..deeds(own)
        }
    };
    let swing = swung(&mut own, 45.0);
    let print = Flat::new(person.portrait()?.frame, Medium::Print, 0.92, number as f32);
    let print = print.from(own.between(0.55, 1.4));
    let tilted = |pose: &Pose| {
        let pose = Pose {
            smile: 0.0,
            ..*pose
        };
        print.frame(&pose)
    };
    at("swung", swing, &tilted, &GESTURES)?;
    let swing = swung(&mut own, 0.0);
    let near = own.between(0.55, 1.4);
    let bent = |pose: &Pose| {
        let smile = Pose {
            smile: pose.smile,
            ..Pose::default()
        };
        let shown = head.frame(&smile);
        Flat::new(shown, Medium::Print, 0.92, number as f32)
            .from(near)
            .frame(pose)
    };
    at("swung and bent", swing, &bent, &GESTURES)?;
    // Photos of the turned and of the smiling face, one after the other; while they are exchanged, the wall is seen.
    let exchanged = deeds(&mut own);
    let (turn, smile) = (exchanged.turn, exchanged.smile);
    let exchange = |pose: &Pose| {
        let part = (pose.yaw.abs() / turn).max(pose.smile / smile);
        let done = if part < 0.08 {
            Pose::default()
        } else if pose.smile > 0.5 * smile {
            Pose {
                smile,
                ..Pose::default()
            }
        } else {
            Pose {
                yaw: turn.copysign(pose.yaw),
                ..Pose::default()
            }
        };
        let print = Flat::new(head.frame(&done), Medium::Print, 0.92, number as f32);
        if (0.08..0.85).contains(&part) {
            return print.away();
        }
        print.frame(&Pose {
            right: pose.right,
            down: pose.down,
            ..Pose::default()
        })
    };
    at("exchanged", exchanged, &exchange, &GESTURES)?;
    let reference = match &person.other {
        Some(photo) => {
            let name = format!("enrolled/{number:04}.jpg");
            fs::create_dir_all(out.join("enrolled"))?;
            fs::copy(photo, out.join(&name))?;
            Some(name)
        }
        None => None,
    };
    Ok(species::sessions(
        number,
        people.len(),
        reference.as_deref(),
    ))
}
